"""Looks at a listing once, through the guard; returns what the watch does next."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from check_listing.check import LookOrder, check
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.probe import Prober
from takedown.adapters.settings import Settings, names, read_settings
from takedown.adapters.system import utc_now
from takedown.guard.gate import allowed_hosts
from takedown.guard.resolver import SystemResolver
from takedown.rooms import parse_event
from takedown.watch import load_policy


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    watch_policy: str
    allow_hosts: str = ""


logger = Logger()
settings = read_settings(RoomSettings)
policy = load_policy(settings.watch_policy)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
prober = Prober(SystemResolver(), allowed_hosts(*names(settings.allow_hosts)))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Look once."""
    order = parse_event(LookOrder, event)
    logger.append_keys(case=order.case_id, listing=order.listing_id)
    return check(order, cases=cases, custody=custody, prober=prober, policy=policy, now=utc_now())
