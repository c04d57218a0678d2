"""The one place that reaches into moto: where it is led to our own workers, and where it is slower or laxer than AWS.

Written against moto 5.2.5. Each seam says why it is there; each is put back when the local cloud ends.
"""

from __future__ import annotations

import importlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from infra.local.calls import FunctionNotFoundError
from infra.local.runtime import LambdaRuntime

logger = logging.getLogger(__name__)

ACCOUNT = "123456789012"
REGION = "us-east-1"
STATE_DATA_LIMIT = 262_144
"""Bytes. Step Functions fails a state whose result is larger (service quotas)."""

TASK_GONE = "Task Timed Out: 'Provided task does not exist anymore'"

ENGINE = "moto.stepfunctions.parser"
MAPS = f"{ENGINE}.asl.component.state.exec.state_map"
TASKS = f"{ENGINE}.asl.component.state.exec.state_task"


def reset() -> None:
    """Forget everything that an earlier local cloud of this process kept."""
    from moto.core.base_backend import BackendDict  # noqa: PLC0415 - moto reads MOTO_PORT when it is imported

    BackendDict.reset()


def stop_executions() -> None:
    """Stop every execution that still runs: their threads would go on calling what is no longer there."""
    logging.getLogger("moto").setLevel(logging.CRITICAL)  # what is stopped here fails, and would say so at length
    models = importlib.import_module(f"{ENGINE}.models")
    for machine in models.stepfunctions_parser_backends[ACCOUNT][REGION].state_machines:
        for execution in machine.executions:
            if execution.status == "RUNNING":
                execution.stop(stop_date=datetime.now(UTC), error="LocalCloud.Stopped", cause="The local cloud ended.")
    importlib.import_module(f"{ENGINE}.utils").TMP_THREADS.clear()


@contextmanager
def seams(
    runtime: LambdaRuntime, on_mail: Callable[[str, bytes], None], client: Callable[[str], object]
) -> Iterator[None]:
    """Put every seam in for as long as the local cloud runs.

    Parameters
    ----------
    runtime
        Answers every call of a function.
    on_mail
        Given the message id and the bytes of every mail that SES accepted.
    client
        Gives boto3 clients of the local AWS.
    """
    from moto.core.config import default_user_config  # noqa: PLC0415 - as above

    with ExitStack() as stack:

        def replace(module: str, name: str, value: object) -> None:
            owner, _, attribute = name.rpartition(".")
            target = importlib.import_module(module)
            stack.enter_context(patch.object(getattr(target, owner) if owner else target, attribute, value))

        stack.enter_context(patch.dict(default_user_config, {"stepfunctions": {"execute_state_machine": True}}))
        replace("moto.awslambda.models", "LambdaBackend.invoke", _lambda_invoke(runtime))
        replace(f"{TASKS}.lambda_eval_utils", "execute_lambda_function_integration", _state_invoke(runtime))
        replace("moto.ses.models", "SESBackend.send_raw_email", _send_raw_email(on_mail))
        _engine(replace, client)
        yield


Replace = Callable[[str, str, object], None]


def _engine(replace: Replace, client: Callable[[str], object]) -> None:
    """Mend the Step Functions engine where it is slow, wrong, or takes what AWS refuses."""

    # It makes a boto3 client for every single call: 50 ms, and not safe in threads.
    def boto_client_for(region: str, service: str, state_credentials: object = None) -> object:  # noqa: ARG001
        return client(service)

    for part in ("item_reader", "result_writer"):
        module = f"{MAPS}.{part}.eval" if part == "item_reader" else f"{MAPS}.{part}.resource_eval"
        replace(f"{module}.resource_eval_s3", "boto_client_for", boto_client_for)

    _maps(replace)
    _waits(replace)
    _tokens(replace)

    # Two starts under one name at once must be one execution.
    models = importlib.import_module(f"{ENGINE}.models")
    start = models.StepFunctionsParserBackend.start_execution
    start_lock = threading.Lock()

    def start_once(self: Any, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - moto's own types, here and below
        with start_lock:
            return start(self, *args, **kwargs)

    replace(f"{ENGINE}.models", "StepFunctionsParserBackend.start_execution", start_once)


def _maps(replace: Replace) -> None:
    """Distributed Maps: no more threads than items, no recursion over items, and tolerated failures are counted."""
    module = f"{MAPS}.iteration.distributed_iteration_component"
    component = importlib.import_module(module)
    map_run = component.DistributedIterationComponent._map_run  # noqa: SLF001 - the seam

    def counted_map_run(self: Any, env: Any, eval_input: Any) -> None:  # noqa: ANN401
        record = eval_input.map_run_record
        asked, items = record.max_concurrency, len(env.stack[-1])
        # It starts MaxConcurrency threads whatever there is to do: 1,000 for a Map of three items.
        record.max_concurrency = min(asked or items, items)
        try:
            map_run(self, env, eval_input)
        finally:
            record.max_concurrency = asked
        # It never fails a Map, whatever failed; AWS does beyond the tolerated number or percentage.
        failed = record.item_counter.describe()["failed"] + record.item_counter.describe()["timedOut"]
        count, percentage = eval_input.tolerated_failure_count, eval_input.tolerated_failure_percentage
        within_count, within_percentage = failed <= count, failed * 100 <= percentage * items
        tolerated = (
            within_percentage if not count else within_count if not percentage else within_count and within_percentage
        )
        if not tolerated:
            cause = f"The specified tolerated failure threshold was exceeded: {failed} of {items} items failed"
            raise _failure(env, "States.ExceedToleratedFailureThreshold", cause)

    replace(module, "DistributedIterationComponent._map_run", counted_map_run)

    def eval_all(self: Any) -> None:  # noqa: ANN401
        # It recurses once for each item that one thread takes: a thousand are too many for Python.
        while (job := self._job_pool.next_job()) is not None:
            frame = self._env.open_inner_frame()
            self._eval_job(env=frame, job=job)
            self._env.delete_frame(frame)
            self._job_pool.close_job(job)
            if self.stopped():
                return

    worker = f"{MAPS}.iteration.itemprocessor.distributed_item_processor_worker"
    replace(worker, "DistributedItemProcessorWorker.eval", eval_all)


def _waits(replace: Replace) -> None:
    """Wait until the instant asked for: the engine takes UTC for local time and drops fractions, so it ends early."""
    module = f"{ENGINE}.asl.component.state.wait.wait_function"
    timestamp = importlib.import_module(f"{module}.timestamp").Timestamp

    def wait_seconds(self: Any, env: Any) -> float:  # noqa: ANN401
        self.string.eval(env=env)
        text = env.stack.pop()
        if timestamp._from_timestamp_string(text) is None:  # noqa: SLF001 - moto's own check
            raise importlib.import_module(
                f"{ENGINE}.asl.component.common.error_name.failure_event"
            ).FailureEventException(self._create_failure_event(env, text))
        return (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds()

    def wait_interval(self: object, env: Any, wait_seconds: float) -> None:  # noqa: ANN401, ARG001 - takes the place of a method
        end = time.monotonic() + wait_seconds
        while env.is_running() and (left := end - time.monotonic()) > 0:
            env.program_state_event.wait(left)

    replace(f"{module}.timestamp", "Timestamp._get_wait_seconds", wait_seconds)
    replace(f"{module}.wait_function", "WaitFunction._wait_interval", wait_interval)


def _tokens(replace: Replace) -> None:
    """Let a task token be answered once: the engine takes a second answer in silence, AWS says TaskTimedOut."""
    module = f"{ENGINE}.asl.eval.callback.callback"
    callbacks = importlib.import_module(module)
    aws_error = importlib.import_module("moto.core.exceptions").AWSError
    notify = callbacks.CallbackPoolManager.notify
    lock = threading.Lock()

    def notify_once(self: Any, callback_id: str, outcome: object) -> bool:  # noqa: ANN401
        with lock:
            endpoint = self.get(callback_id)
            if endpoint is not None and (endpoint.get_outcome() is not None or endpoint._notify_event.is_set()):  # noqa: SLF001
                raise aws_error(TASK_GONE, exception_type="TaskTimedOut")
            return bool(notify(self, callback_id, outcome))

    replace(module, "CallbackPoolManager.notify", notify_once)

    # Of an execution that has ended it says InvalidToken, which is AWS's word for a token that never was.
    models = importlib.import_module(f"{ENGINE}.models")
    send = models.StepFunctionsParserBackend.send_task_success

    def send_task_success(self: Any, task_token: str, outcome: str) -> object:  # noqa: ANN401
        for execution in self._get_executions():
            if execution.status != "RUNNING" and execution.exec_worker.env.callback_pool_manager.get(task_token):
                raise aws_error(TASK_GONE, exception_type="TaskTimedOut")
        return send(self, task_token, outcome)

    replace(f"{ENGINE}.models", "StepFunctionsParserBackend.send_task_success", send_task_success)


def _lambda_invoke(runtime: LambdaRuntime) -> Callable[..., bytes | None]:
    """Answer the API's Invoke (boto3 in a function or a test) with our workers instead of Docker."""

    def invoke(
        self: object,  # noqa: ARG001 - takes the place of a method
        function_name: str,
        qualifier: str | None,  # noqa: ARG001 - there is one version
        body: str | bytes | None,
        headers: Any,  # noqa: ANN401
        response_headers: dict[str, str],
    ) -> bytes | None:
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        try:
            match headers.get("X-Amz-Invocation-Type"):
                case "Event":
                    runtime.invoke_later(function_name, payload)
                    return b""
                case "DryRun":
                    runtime.pool(function_name)
                    return b""
            answer = runtime.invoke(function_name, payload)
        except FunctionNotFoundError as error:
            unknown = importlib.import_module("moto.awslambda.exceptions").UnknownFunctionException
            raise unknown(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}") from error
        if answer.function_error:
            response_headers["x-amz-function-error"] = answer.function_error
        return answer.payload

    return invoke


def _state_invoke(runtime: LambdaRuntime) -> Callable[..., None]:
    """Answer a Task state with our workers directly: the way over HTTP costs 40 ms and blocks a server thread."""
    utilities = importlib.import_module(f"{TASKS}.lambda_eval_utils")
    client_error = importlib.import_module("botocore.exceptions").ClientError

    def integrate(env: Any, parameters: dict[str, Any], region: str, state_credentials: object) -> None:  # noqa: ANN401, ARG001
        try:
            answer = runtime.invoke(parameters["FunctionName"], parameters.get("Payload") or b"{}")
        except FunctionNotFoundError as error:
            response = {
                "Error": {"Code": "ResourceNotFoundException", "Message": str(error)},
                "ResponseMetadata": {"HTTPStatusCode": 404, "RequestId": "local"},
            }
            raise client_error(response, "Invoke") from error
        if len(answer.payload) > STATE_DATA_LIMIT:
            cause = f"{parameters['FunctionName']} returned a result with a size exceeding the maximum number of bytes."
            raise _failure(env, "States.DataLimitExceeded", cause)
        if answer.function_error:
            raise utilities.LambdaFunctionErrorException(answer.function_error, answer.payload.decode())
        env.stack.append(
            {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(answer.payload or b"null")}
        )

    return integrate


def _failure(env: Any, error: str, cause: str) -> Exception:  # noqa: ANN401 - moto's own type
    """Return the engine's exception for one of the errors that Step Functions itself names."""
    events = importlib.import_module(f"{ENGINE}.asl.component.common.error_name.failure_event")
    names = importlib.import_module(f"{ENGINE}.asl.component.common.error_name.states_error_name")
    types = importlib.import_module(f"{ENGINE}.asl.component.common.error_name.states_error_name_type")
    api = importlib.import_module(f"{ENGINE}.api")
    event = events.FailureEvent(
        env=env,
        error_name=names.StatesErrorName(typ=types.StatesErrorNameType.from_name(error)),
        event_type=api.HistoryEventType.TaskFailed,
        event_details={"taskFailedEventDetails": {"error": error, "cause": cause}},
    )
    exception: Exception = events.FailureEventException(event)
    return exception


def _send_raw_email(on_mail: Callable[[str, bytes], None]) -> Callable[..., object]:
    """Hand out every mail that moto's SES accepted; moto only keeps it in a list."""
    models = importlib.import_module("moto.ses.models")
    original = models.SESBackend.send_raw_email

    def send_raw_email(self: object, source: str, destinations: list[str], raw_data: str) -> object:
        message = original(self, source, destinations, raw_data)
        on_mail(message.id, raw_data.encode())
        return message

    return send_raw_email
