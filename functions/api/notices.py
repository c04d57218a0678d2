"""Routes: notices, and the decision about them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.callers import TENANT, require
from api.services import caller, services_of
from api.views import show_notice
from takedown.approving import approve_notice, carry_out, order_again, reject_notice
from takedown.case import Case
from takedown.errors import ApprovalError, ConflictError
from takedown.listing import Listing
from takedown.notice import ApprovalInput, Notice, RejectionInput
from takedown.states import ListingState, Role

router = APIGatewayHttpRouter()
TRIES = 3
"""How often a decision is tried again after the notice changed under it."""
CaseId = Annotated[str, Path(pattern="^[0-9a-z]{1,32}$")]


@router.get("/cases/<case_id>/notices", summary="The notices of a case", tags=["notices"])
def list_notices(case_id: CaseId) -> dict[str, Any]:
    """Show them with their exact texts."""
    caller(router)
    cases = services_of(router).cases
    cases.get(Case, TENANT, case_id)
    return {"notices": [show_notice(item) for item in cases.all(Notice, TENANT, case_id)]}


@router.post("/cases/<case_id>/drafts", summary="Draft notices about what has none", tags=["notices"])
def draft_again(case_id: CaseId) -> tuple[dict[str, Any], int]:
    """Draft notices about captured listings that have none: theirs was rejected, or could not be drafted."""
    services = services_of(router)
    require(caller(router), Role.PREPARER, Role.APPROVER, Role.ADMIN)
    services.cases.get(Case, TENANT, case_id)
    listings = services.cases.all(Listing, TENANT, case_id)
    batches = sorted({item.batch for item in listings if item.state is ListingState.CAPTURED})
    head = services.custody.head(TENANT, case_id)
    for batch in batches:
        # The case machine again; by this name it begins with drafting, and follows each notice to its end. The record
        # grows with every rejection and every failure, so asked twice about the same, it starts once.
        name = f"{case_id}-b{batch}-d{head.seq if head else 0}"
        event = {"tenant": TENANT, "case_id": case_id, "batch": batch}
        services.workflow.start(services.opener.machine_arn, name, event)
    return {"batches": batches}, HTTPStatus.ACCEPTED.value


@router.get("/cases/<case_id>/notices/<notice_id>", summary="One notice", tags=["notices"])
def get_notice(case_id: CaseId, notice_id: CaseId) -> dict[str, Any]:
    """Show its exact text, the digest to approve, what is missing and what has to be confirmed."""
    caller(router)
    return show_notice(services_of(router).cases.get(Notice, TENANT, case_id, notice_id))


@router.post("/cases/<case_id>/notices/<notice_id>/approval", summary="Approve the exact text", tags=["notices"])
def approve(case_id: CaseId, notice_id: CaseId, body: Annotated[ApprovalInput, Body()]) -> dict[str, Any]:
    """Approve; the notice then leaves once. The approver neither opened the case nor added one of the listings."""
    services = services_of(router)
    actor = require(caller(router), Role.APPROVER, Role.ADMIN)
    approved = _decide(
        case_id,
        notice_id,
        lambda notice: approve_notice(
            notice, body, actor, cases=services.cases, custody=services.custody, now=services.now()
        ),
    )
    _carry_out(approved)
    return show_notice(approved)


@router.post("/cases/<case_id>/notices/<notice_id>/send", summary="Send what did not leave", tags=["notices"])
def send_again(case_id: CaseId, notice_id: CaseId) -> tuple[dict[str, Any], int]:
    """Order an approved notice to be sent whose sending failed: refused by the mail service, or its machine ended."""
    services = services_of(router)
    actor = require(caller(router), Role.APPROVER, Role.ADMIN)
    notice = services.cases.get(Notice, TENANT, case_id, notice_id)
    ordered = order_again(notice, actor, cases=services.cases, now=services.now())
    _carry_out(ordered)
    return show_notice(ordered), HTTPStatus.ACCEPTED.value


@router.post("/cases/<case_id>/notices/<notice_id>/rejection", summary="Decide against sending", tags=["notices"])
def reject(case_id: CaseId, notice_id: CaseId, body: Annotated[RejectionInput, Body()]) -> dict[str, Any]:
    """Reject; `POST /cases/<case_id>/drafts` drafts new notices about its listings."""
    services = services_of(router)
    actor = require(caller(router), Role.APPROVER, Role.PREPARER, Role.ADMIN)
    rejected = _decide(
        case_id,
        notice_id,
        lambda notice: reject_notice(
            notice, body, actor, cases=services.cases, custody=services.custody, now=services.now()
        ),
    )
    _carry_out(rejected)
    return show_notice(rejected)


def _decide(case_id: str, notice_id: str, decision: Callable[[Notice], Notice]) -> Notice:
    """Decide on the notice as it stands. The machine may store its token just then: that is no reason to refuse."""
    cases = services_of(router).cases
    for _ in range(TRIES):
        try:
            return decision(cases.get(Notice, TENANT, case_id, notice_id))
        except ApprovalError:
            raise
        except ConflictError:
            continue
    return decision(cases.get(Notice, TENANT, case_id, notice_id))


def _carry_out(notice: Notice) -> None:
    """Have the decision carried out by whoever waits for it, or by a machine started for it."""
    services = services_of(router)
    carry_out(notice, workflow=services.workflow, machine_arn=services.send_machine_arn, now=services.now())
