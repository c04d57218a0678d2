"""Registers the listings of one batch of a case and writes the manifest of their captures."""

from __future__ import annotations

import time
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from register_listings.register import register
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.settings import Settings, read_settings
from takedown.model import Frozen, Id
from takedown.rooms import parse_event


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    work_bucket: str


class BatchOrder(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    batch: Annotated[int, Field(ge=1)]


logger = Logger()
settings = read_settings(RoomSettings)
cases = CaseTable(settings.case_table, clients.dynamodb())
s3 = clients.s3()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Register, and return where the manifest of captures lies."""
    order = parse_event(BatchOrder, event)
    logger.append_keys(case=order.case_id)
    registered = register(
        order.tenant,
        order.case_id,
        order.batch,
        cases=cases,
        s3=s3,
        work_bucket=settings.work_bucket,
        sleep=time.sleep,
    )
    logger.info(
        "listings registered", extra={"given": registered.given, "held": registered.held, "to_visit": registered.orders}
    )
    return {
        "tenant": order.tenant,
        "case_id": order.case_id,
        "batch": order.batch,
        "manifest": {"bucket": settings.work_bucket, "key": registered.manifest},
    }
