"""Sends an approved notice and records that it went out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from send_notice.send import send_notice, watches_of
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.mailbox import Mailbox
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.system import new_id, utc_now
from takedown.model import Frozen, Id
from takedown.rooms import parse_event


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    evidence_bucket: str


class NoticeOrder(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    notice_id: Id


logger = Logger()
settings = read_settings(RoomSettings)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
store = EvidenceStore(settings.evidence_bucket, clients.s3())
mailbox = Mailbox(clients.ses_once())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Send once; return which watches have to start."""
    order = parse_event(NoticeOrder, event)
    logger.append_keys(case=order.case_id)
    notice = send_notice(
        order.tenant,
        order.case_id,
        order.notice_id,
        attempt_id=new_id(),
        cases=cases,
        custody=custody,
        store=store,
        mailbox=mailbox,
        now=utc_now(),
        on_accepted=lambda message_id: logger.info(
            "SES accepted the message", extra={"notice": order.notice_id, "message_id": message_id}
        ),
    )
    return {"notice_id": notice.notice_id, "watches": watches_of(notice)}
