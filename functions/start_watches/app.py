"""Starts one watch execution for each listing, under a deterministic name."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from takedown import times
from takedown.actor import system_actor
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import utc_now
from takedown.adapters.workflow import Workflow
from takedown.listing import Listing
from takedown.model import Frozen, Id
from takedown.rooms import parse_event
from takedown.watch import load_policy
from takedown.watching import start_watch


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    watch_policy: str
    watch_machine_arn: str


class Ticket(Frozen):
    """One watch to start."""

    listing_id: Id
    watch: int


class Tickets(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    watches: list[Ticket]


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
workflow = Workflow(clients.stepfunctions())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Start them; starting one twice is starting it once."""
    tickets = parse_event(Tickets, event)
    logger.append_keys(case=tickets.case_id)
    now = utc_now()
    started = 0
    for ticket in tickets.watches:
        started += start_watch(
            cases.get(Listing, tickets.tenant, tickets.case_id, ticket.listing_id),
            ticket.watch,
            first_look_at=times.later(now, seconds=policy.first_look_seconds),
            by=system_actor("StartWatches"),
            now=now,
            policy=policy,
            machine_arn=settings.watch_machine_arn,
            cases=cases,
            custody=custody,
            workflow=workflow,
        )
    return {"started": started}
