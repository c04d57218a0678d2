"""Routes: notices, and the decision about them."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.callers import TENANT, require
from api.services import caller, services_of
from api.views import show_notice
from takedown.approving import approve_notice, decision_of, reject_notice
from takedown.case import Case
from takedown.errors import ConflictError
from takedown.notice import ApprovalInput, Notice, RejectionInput
from takedown.states import Role

router = APIGatewayHttpRouter()
CaseId = Annotated[str, Path(pattern="^[0-9a-z]{1,32}$")]


@router.get("/cases/<case_id>/notices", summary="The notices of a case", tags=["notices"])
def list_notices(case_id: CaseId) -> dict[str, Any]:
    """Show them with their exact texts."""
    caller(router)
    cases = services_of(router).cases
    cases.get(Case, TENANT, case_id)
    return {"notices": [show_notice(item) for item in cases.all(Notice, TENANT, case_id)]}


@router.get("/cases/<case_id>/notices/<notice_id>", summary="One notice", tags=["notices"])
def get_notice(case_id: CaseId, notice_id: CaseId) -> dict[str, Any]:
    """Show its exact text, the digest to approve, what is missing and what has to be confirmed."""
    caller(router)
    return show_notice(services_of(router).cases.get(Notice, TENANT, case_id, notice_id))


@router.post("/cases/<case_id>/notices/<notice_id>/approval", summary="Approve the exact text", tags=["notices"])
def approve(case_id: CaseId, notice_id: CaseId, body: Annotated[ApprovalInput, Body()]) -> dict[str, Any]:
    """Approve; the notice then leaves once. The approver is never the person who prepared it."""
    services = services_of(router)
    actor = require(caller(router), Role.APPROVER, Role.ADMIN)
    notice = services.cases.get(Notice, TENANT, case_id, notice_id)
    approved = approve_notice(notice, body, actor, cases=services.cases, custody=services.custody, now=services.now())
    _wake(approved)
    return show_notice(approved)


@router.post("/cases/<case_id>/notices/<notice_id>/rejection", summary="Decide against sending", tags=["notices"])
def reject(case_id: CaseId, notice_id: CaseId, body: Annotated[RejectionInput, Body()]) -> dict[str, Any]:
    """Reject; its listings can be noticed anew."""
    services = services_of(router)
    actor = require(caller(router), Role.APPROVER, Role.PREPARER, Role.ADMIN)
    notice = services.cases.get(Notice, TENANT, case_id, notice_id)
    rejected = reject_notice(notice, body, actor, cases=services.cases, custody=services.custody, now=services.now())
    _wake(rejected)
    return show_notice(rejected)


def _wake(notice: Notice) -> None:
    """Tell the machine that waits. Where none waits yet, it finds the decision when it comes to wait."""
    decision = decision_of(notice)
    if notice.task_token is None or decision is None:
        return
    try:
        services_of(router).workflow.answer(notice.task_token, decision)
    except ConflictError:
        # Answered before (the same request twice): the decision stands in the table, and that is what counts.
        return
