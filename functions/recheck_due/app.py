"""Finds removed listings that are due for another look and starts a watch for each."""

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
from takedown.watch import load_policy
from takedown.watching import start_watch

TENANT = "default"
"""The one tenant until users come; it stands first in every key."""


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    watch_policy: str
    watch_machine_arn: str


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
workflow = Workflow(clients.stepfunctions())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Start the watches that are due. The schedule may fire twice: what was started is not due any more."""
    now = utc_now()
    started = 0
    for indexed in cases.due_listings(TENANT, now):
        listing = cases.get(Listing, indexed.tenant, indexed.case_id, indexed.listing_id)
        if listing.watch != indexed.watch:
            continue  # the index lags behind: somebody has started it
        started += start_watch(
            listing,
            listing.watch + 1,
            first_look_at=now,
            due_again_at=times.later(now, seconds=policy.recheck_seconds),
            by=system_actor("RecheckDue"),
            now=now,
            policy=policy,
            machine_arn=settings.watch_machine_arn,
            cases=cases,
            custody=custody,
            workflow=workflow,
        )
    logger.info("rechecks started", extra={"started": started})
    return {"started": started}
