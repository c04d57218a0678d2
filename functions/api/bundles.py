"""Routes: exports of a case."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.callers import TENANT, require
from api.services import caller, services_of
from api.views import show_bundle
from takedown.adapters.evidence_store import ObjectVersion
from takedown.bundle_request import BundleRequest
from takedown.case import Case
from takedown.custody import CustodyEntry
from takedown.states import BundleState, CustodyAction, Role

router = APIGatewayHttpRouter()
CaseId = Annotated[str, Path(pattern="^[0-9a-z]{1,32}$")]


@router.post("/cases/<case_id>/bundles", summary="Export the case as a sealed bundle", tags=["bundles"])
def request_bundle(case_id: CaseId) -> tuple[dict[str, Any], int]:
    """Start an export; ask for it by its id until it is READY. An auditor may: it changes nothing of the case."""
    services = services_of(router)
    actor = require(caller(router), Role.PREPARER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)
    services.cases.get(Case, TENANT, case_id)
    now = services.now()
    request = BundleRequest(
        tenant=TENANT,
        case_id=case_id,
        bundle_id=services.new_id(),
        requested_by=actor,
        requested_at=now,
        state=BundleState.REQUESTED,
    )
    entry = CustodyEntry(
        ts=now,
        actor=actor,
        action=CustodyAction.BUNDLE_REQUESTED,
        object=f"bundle/{request.bundle_id}",
        sha256=None,
        facts={},
    )
    writes = [services.cases.create(request)]
    services.custody.append(TENANT, case_id, entry, once=f"bundle#{request.bundle_id}", writes=writes)
    services.build_bundle({"tenant": TENANT, "case_id": case_id, "bundle_id": request.bundle_id})
    return show_bundle(request), HTTPStatus.ACCEPTED.value


@router.get(
    "/cases/<case_id>/bundles/<bundle_id>", summary="One export, with its link once it is ready", tags=["bundles"]
)
def get_bundle(case_id: CaseId, bundle_id: CaseId) -> dict[str, Any]:
    """Show it; READY ones carry a link to the archive that holds for five minutes."""
    services = services_of(router)
    caller(router)
    request = services.cases.get(BundleRequest, TENANT, case_id, bundle_id)
    if request.state is not BundleState.READY or not (request.key and request.version_id and request.name):
        return show_bundle(request)
    version = ObjectVersion(request.key, request.version_id, request.bytes or 0)
    return show_bundle(request, services.store.link(version, filename=request.name))
