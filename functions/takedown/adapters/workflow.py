"""Step Functions: executions start under names of ours, so starting twice is starting once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from takedown.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class Workflow:
    """The state machines."""

    def __init__(self, client: SFNClient) -> None:
        self._sfn = client

    def start(self, machine_arn: str, name: str, event: dict[str, Any]) -> bool:
        """Start an execution; False where one of that name was started before.

        `name` is at most 80 characters. Standard executions keep their name for 90 days (Step Functions API
        reference, StartExecution), and every name of ours carries a count that never comes back.
        """
        try:
            self._sfn.start_execution(stateMachineArn=machine_arn, name=name, input=json.dumps(event))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def answer(self, task_token: str, output: dict[str, Any]) -> None:
        """Answer a waiting task.

        Raises
        ------
        ConflictError
            Nobody waits under this token any more.
        """
        try:
            self._sfn.send_task_success(taskToken=task_token, output=json.dumps(output))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}:
                raise ConflictError("nobody waits for this answer any more") from error
            raise
