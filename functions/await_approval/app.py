"""Stores the task token of a notice that waits for a person; the API answers it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.workflow import Workflow
from takedown.approving import wait_for_decision
from takedown.model import Frozen, Id
from takedown.rooms import parse_event


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str


class Waiting(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    notice_id: Id
    task_token: str


logger = Logger()
settings = read_settings(RoomSettings)
cases = CaseTable(settings.case_table, clients.dynamodb())
workflow = Workflow(clients.stepfunctions())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - the runtime's shape
    """Store the token; answer at once where the decision was already made."""
    waiting = parse_event(Waiting, event)
    logger.append_keys(case=waiting.case_id)
    wait_for_decision(
        waiting.tenant,
        waiting.case_id,
        waiting.notice_id,
        token=waiting.task_token,
        cases=cases,
        workflow=workflow,
    )
