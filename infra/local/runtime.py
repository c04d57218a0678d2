"""A small Lambda service: functions, each with a pool of isolated workers behind the Lambda Runtime API.

A worker is what a sandbox is on AWS: one process with AWS's own runtime client (``awslambdaric``), its own environment
and its own Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). It takes one call at a time.
If it dies, the call in its hands fails as it would on AWS, and the next call gets another worker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from infra.local.calls import (
    Answer,
    FunctionNotFoundError,
    FunctionSpec,
    Invocation,
    RuntimeClosedError,
    failure,
)
from infra.local.worker import Worker

logger = logging.getLogger(__name__)

IDLE_SECONDS = 120
"""After that long without a call a worker ends, unless it is its function's last."""


class Pool:
    """The workers of one function: none at first, more while calls wait, at most `spec.workers`.

    Parameters
    ----------
    spec
        The function.
    """

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.workers: list[Worker] = []
        self._queue: deque[Invocation] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._closed = False

    def invoke(self, payload: bytes) -> Answer:
        """Have a worker answer `payload`; wait for it."""
        call = Invocation(payload, self.spec.arn)
        with self._changed:
            if self._closed:
                raise RuntimeClosedError(f"{self.spec.logical_id} is shut down")
            self._queue.append(call)
            self._grow()
            self._changed.notify_all()
        call.started.wait()
        if not call.done.wait(self.spec.timeout) and call.worker is not None:
            message = f"RequestId: {call.request_id} Error: Task timed out after {self.spec.timeout:.2f} seconds"
            logger.warning("%s: %s", self.spec.logical_id, message)
            call.worker.verdict = failure("Sandbox.Timedout", message)
            call.worker.kill()  # first: a retry must not run beside the call that it repeats
            call.done.wait()
        if call.answer is None:
            raise RuntimeClosedError(f"{self.spec.logical_id} ended without an answer")
        return call.answer

    def take(self, worker: Worker) -> Invocation | None:
        """Wait for the next call for `worker`; None when the worker or the pool has ended meanwhile."""
        with self._changed:
            self._idle += 1
            worker.ready = True
            try:
                while not self._queue or worker.dead:
                    if self._closed or worker.dead:
                        return None
                    if not self._changed.wait(IDLE_SECONDS) and len(self.workers) > 1:
                        worker.hang_up()  # nobody needs it: give its memory back
                        return None
                call = self._queue.popleft()
            finally:
                self._idle -= 1
            call.worker = worker
            call.deadline = time.time() + self.spec.timeout
            worker.current = call
            call.started.set()
            return call

    def finish(self, worker: Worker, request_id: str, answer: Answer) -> bool:
        """Give the answer of `worker` to its caller; False when it answers for another call."""
        with self._changed:
            call = worker.current
            if call is None or call.request_id != request_id:
                return False
            worker.current = None
        call.settle(answer)
        return True

    def ended(self, worker: Worker, reason: str) -> None:
        """Take the end of `worker` in: its call fails, and calls that wait get another worker."""
        with self._changed:
            worker.dead = True
            self.workers.remove(worker)
            call, worker.current = worker.current, None
            stranded: list[Invocation] = []
            if worker.init_error is not None or not worker.ready:
                # It never came up: so would the next. Everyone who waits for a first worker hears why.
                if not any(other.ready for other in self.workers):
                    stranded = list(self._queue)
                    self._queue.clear()
            elif self._queue and not self._closed:
                self._grow()
            self._changed.notify_all()
            closed = self._closed
        answer = worker.init_error or failure("Runtime.ExitError", f"RequestId: unknown Error: {reason}")
        if call is not None:
            call.settle(worker.verdict or failure("Runtime.ExitError", f"RequestId: {call.request_id} Error: {reason}"))
        for waiting in stranded:
            waiting.settle(answer)
        told = worker.verdict is not None or worker.init_error is not None
        if (call is not None or not worker.ready) and not told and not closed:
            logger.warning("%s: a worker ended: %s", self.spec.logical_id, reason)

    def close(self) -> None:
        """Refuse new calls and fail those that wait."""
        with self._changed:
            self._closed = True
            stranded = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
        for call in stranded:
            call.settle(failure("Lambda.ServiceException", "The local cloud is shutting down."))

    def _grow(self) -> None:
        starting = sum(not worker.ready for worker in self.workers)
        if len(self._queue) > self._idle + starting and len(self.workers) < self.spec.workers:
            self.workers.append(Worker(self))


class LambdaRuntime:
    """All functions of the stack.

    Parameters
    ----------
    on_dead_letter
        Told of an asynchronous call that failed for good.
    """

    def __init__(self, on_dead_letter: Callable[[FunctionSpec, bytes, Answer], None]) -> None:
        self._on_dead_letter = on_dead_letter
        self._pools: dict[str, Pool] = {}
        self._closed = False

    def add(self, spec: FunctionSpec) -> None:
        """Make a function known under its name, ARN and logical id."""
        pool = Pool(spec)
        for name in (spec.name, spec.arn, spec.logical_id):
            self._pools[name] = pool

    def specs(self) -> list[FunctionSpec]:
        """Return the functions, by logical id."""
        return sorted({id(pool): pool.spec for pool in self._pools.values()}.values(), key=lambda spec: spec.logical_id)

    def pool(self, function: str) -> Pool:
        """Return the pool of a function, by name, ARN (with or without a qualifier) or logical id."""
        name = function.removesuffix(":$LATEST")
        try:
            return self._pools[name]
        except KeyError:
            raise FunctionNotFoundError(f"Function not found: {function}") from None

    def invoke(self, function: str, payload: bytes) -> Answer:
        """Call a function and wait for its answer."""
        return self.pool(function).invoke(payload or b"{}")

    def invoke_later(self, function: str, payload: bytes) -> None:
        """Call a function asynchronously; a failure is tried again, then goes to the dead letters."""
        pool = self.pool(function)

        def attempts() -> None:
            try:
                for attempt in range(pool.spec.async_retries + 1):
                    time.sleep(attempt)  # AWS waits minutes; nobody at a laptop does
                    answer = pool.invoke(payload or b"{}")
                    if answer.function_error is None:
                        return
                self._on_dead_letter(pool.spec, payload, answer)
            except RuntimeClosedError:
                logger.info("%s: an asynchronous call ended with the local cloud", pool.spec.logical_id)

        threading.Thread(target=attempts, name=f"async-{pool.spec.logical_id}", daemon=True).start()

    def close(self) -> None:
        """End every worker; return when none is left."""
        pools = {id(pool): pool for pool in self._pools.values()}.values()
        for pool in pools:
            pool.close()
        workers = [worker for pool in pools for worker in list(pool.workers)]
        for worker in workers:
            worker.hang_up()
        for worker in workers:
            worker.kill()
