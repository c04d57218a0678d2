"""One worker: a process with AWS's runtime client, and the Runtime API that it alone talks to."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.calls import Answer, Invocation, failure
from infra.local.loopback import LOOPBACK, Handler, Server

if TYPE_CHECKING:
    from infra.local.runtime import Pool

logger = logging.getLogger(__name__)

API = "/2018-06-01/runtime"
GUARD = Path(__file__).with_name("guard.py")
INIT_SECONDS = 60
"""For importing the handler. AWS gives 10 s; a laptop that starts four functions at once gets more."""
KILL_SECONDS = 10
MAX_RESPONSE = 6 * 1024 * 1024 + 100


class Worker:
    """One process that answers one call at a time.

    Parameters
    ----------
    pool
        The function's pool, where the calls come from.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.ready = False
        self.dead = False
        self.current: Invocation | None = None
        self.init_error: Answer | None = None
        self.verdict: Answer | None = None
        """What its call failed with, when that is known before the process ends: a time-out."""
        self._hang_up = threading.Lock()
        self._server = RuntimeApi(self)
        read_end, self._watch_pipe = os.pipe()
        environment = {**pool.spec.environment, "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{self._server.server_port}"}
        try:
            with pool.spec.log_path.open("ab") as log:
                self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and the template's handler
                    [
                        sys.executable,
                        "-I",
                        "-S",
                        str(GUARD),
                        str(read_end),
                        sys.executable,
                        "-m",
                        "awslambdaric",
                        pool.spec.handler,
                    ],
                    cwd=pool.spec.task_root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[read_end],
                    start_new_session=True,
                )
        finally:
            os.close(read_end)
        self._server.start()
        threading.Thread(target=self._wait, name=f"wait-{pool.spec.logical_id}", daemon=True).start()

    def hang_up(self) -> None:
        """Close the watch pipe: the guard ends everything below it. Does not wait."""
        with self._hang_up:
            if self._watch_pipe >= 0:
                os.close(self._watch_pipe)
                self._watch_pipe = -1

    def kill(self) -> None:
        """End the process and everything that it started; return when it is gone."""
        self.hang_up()
        try:
            self.process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            logger.exception("%s: the guard did not end in time", self.pool.spec.logical_id)
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def _wait(self) -> None:
        reason = ""
        try:
            self.process.wait(INIT_SECONDS)
        except subprocess.TimeoutExpired:
            if not self.ready:
                reason = f"Init timed out after {INIT_SECONDS} seconds"
                self.hang_up()
            self.process.wait()
        code = self.process.returncode
        if not reason:
            signal_number = -code if code < 0 else code - 128 if code > 128 else 0  # noqa: PLR2004 - as a shell counts
            reason = "Runtime exited with error: " + (
                f"signal {signal_number}" if signal_number else f"exit status {code}"
            )
        self.hang_up()
        self.pool.ended(self, reason)
        self._server.close()


class RuntimeApi(Server):
    """The Runtime API of one worker."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(RuntimeApiHandler)
        self.worker = worker


class RuntimeApiHandler(Handler):
    """Answers the four calls of the Runtime API."""

    server: RuntimeApi

    def respond(self) -> None:
        """Answer one of the four calls."""
        if self.command == "GET":
            self._next()
        else:
            self._take_in()

    def _next(self) -> None:
        """Hand out the next call (``/runtime/invocation/next``), as soon as there is one."""
        if self.path != f"{API}/invocation/next":
            self.answer(404)
            return
        worker = self.server.worker
        call = worker.pool.take(worker)
        if call is None:
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": call.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(call.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": call.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{call.request_id[:8]}-{call.request_id.replace('-', '')[8:]};Sampled=0",
        }
        self.answer(200, call.payload, headers)

    def _take_in(self) -> None:
        """Take in an answer, an error, or a failed start."""
        worker = self.server.worker
        body = self.body()
        if self.path == f"{API}/init/error":
            worker.init_error = Answer(body, "Unhandled")
            error = json.loads(body)
            logger.error(
                "%s cannot start: %s: %s",
                worker.pool.spec.logical_id,
                error.get("errorType"),
                error.get("errorMessage"),
            )
            self.answer(202)
            return
        request_id, _, kind = self.path.removeprefix(f"{API}/invocation/").partition("/")
        if kind not in {"response", "error"}:
            self.answer(404)
            return
        if len(body) > MAX_RESPONSE:
            text = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            result = failure("Function.ResponseSizeTooLarge", text)
        else:
            result = Answer(body, "Unhandled" if kind == "error" else None)
        known = worker.pool.finish(worker, request_id, result)
        self.answer(202 if known else 400, b'{"status":"OK"}' if known else b"{}", {"Content-Type": "application/json"})
