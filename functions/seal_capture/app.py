"""Seals a capture; returns its id and state."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from seal_capture.seal import SealOrder, seal
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.settings import Settings, read_settings
from takedown.adapters.signer import KmsSigner
from takedown.adapters.system import new_id, utc_now
from takedown.adapters.timestamp_authority import authorities
from takedown.rooms import parse_event


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    evidence_bucket: str
    signing_key: str
    tsa_urls: str


logger = Logger()
settings = read_settings(RoomSettings)
db = clients.dynamodb()
cases = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
store = EvidenceStore(settings.evidence_bucket, clients.s3())
signer = KmsSigner(settings.signing_key, clients.kms())
tsas = authorities(settings.tsa_urls)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - the runtime's shape
    """Seal the capture that `CapturePage` answered for."""
    given = parse_event(SealOrder, event)
    logger.append_keys(case=given.order.case_id, listing=given.order.listing_id, capture=given.order.capture_id)
    sealed = seal(
        given,
        seal_id=new_id(),
        cases=cases,
        custody=custody,
        store=store,
        signer=signer,
        authorities=tsas,
        now=utc_now(),
    )
    return {"capture_id": sealed.capture_id, "status": sealed.status, "time_stamps": sealed.time_stamps}
