"""Routes: cases, their listings, and their timeline."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from api.callers import TENANT, require
from api.opening import case_id_for
from api.services import caller, services_of
from api.views import page, show_case, show_event, show_listing, show_listing_whole
from takedown.case import Case, CaseInput, ListingInput
from takedown.custody import GENESIS, CustodyEntry
from takedown.errors import ConflictError, NotFoundError
from takedown.listing import Listing
from takedown.look import Look
from takedown.model import Frozen
from takedown.sealed_capture import SealedCapture
from takedown.states import CustodyAction, ListingState, Role
from takedown.times import later
from takedown.watching import start_watch

router = APIGatewayHttpRouter()
CaseId = Annotated[str, Path(pattern="^[0-9a-z]{1,32}$")]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", pattern="^[\\x20-\\x7e]{1,200}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class ListingsInput(Frozen):
    """The body of ``POST /cases/{case_id}/listings``."""

    listings: Annotated[list[ListingInput], Field(min_length=1, max_length=10_000)]


@router.post("/cases", summary="Open a case on a right and its listings", tags=["cases"])
def open_case(body: Annotated[CaseInput, Body()], idempotency_key: IdempotencyKey = None) -> tuple[dict[str, Any], int]:
    """Open a case: its listings are registered and captured, and notices drafted, after this has answered.

    Nothing is sent before another person approves it.
    """
    services = services_of(router)
    actor = require(caller(router), Role.PREPARER, Role.APPROVER, Role.ADMIN)
    case_id = case_id_for(TENANT, actor.person, idempotency_key) if idempotency_key else services.new_id()
    case = services.opener.open(
        body,
        tenant=TENANT,
        case_id=case_id,
        preparer=actor,
        now=services.now(),
        idempotency_key=idempotency_key,
    )
    return show_case(case), HTTPStatus.CREATED.value


@router.get("/cases", summary="The cases, newest first", tags=["cases"])
def list_cases(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
    """List them."""
    caller(router)
    return {"cases": [show_case(case) for case in services_of(router).cases.recent_cases(TENANT, limit)]}


@router.get("/cases/<case_id>", summary="One case", tags=["cases"])
def get_case(case_id: CaseId) -> dict[str, Any]:
    """Show it, with how many listings stand where."""
    caller(router)
    cases = services_of(router).cases
    return show_case(cases.get(Case, TENANT, case_id), cases.all(Listing, TENANT, case_id))


@router.post("/cases/<case_id>/listings", summary="Add listings to a case", tags=["listings"])
def add_listings(
    case_id: CaseId, body: Annotated[ListingsInput, Body()], idempotency_key: IdempotencyKey = None
) -> tuple[dict[str, Any], int]:
    """Add them; they are registered, captured and noticed as a batch of their own, after this has answered.

    The same request again by the same person is the same batch: send it again where no answer came.
    """
    services = services_of(router)
    actor = require(caller(router), Role.PREPARER, Role.APPROVER, Role.ADMIN)
    case, batch = services.opener.add(
        body.listings,
        tenant=TENANT,
        case_id=case_id,
        by=actor,
        now=services.now(),
        idempotency_key=idempotency_key,
    )
    return {"case": show_case(case), "batch": batch.number, "listings": batch.listings}, HTTPStatus.ACCEPTED.value


@router.get("/cases/<case_id>/listings", summary="The listings of a case", tags=["listings"])
def list_listings(
    case_id: CaseId, after: Annotated[str, Query(pattern=r"^(\d{1,9}\.\d{1,9})?$")] = "", limit: Limit = 200
) -> dict[str, Any]:
    """List them as the team did, batch by batch; `next` goes into `after` of the next request."""
    caller(router)
    cases = services_of(router).cases
    cases.get(Case, TENANT, case_id)
    seen = tuple(map(int, after.split("."))) if after else ()
    following = sorted(
        (item for item in cases.all(Listing, TENANT, case_id) if item.order > seen), key=lambda item: item.order
    )
    shown, more = page(map(show_listing, following), limit)
    last = shown[-1] if more else None
    return {"listings": shown, "next": f"{last['batch']}.{last['place']}" if last else None}


@router.get("/cases/<case_id>/listings/<listing_id>", summary="One listing, its captures and looks", tags=["listings"])
def get_listing(case_id: CaseId, listing_id: CaseId) -> dict[str, Any]:
    """Show it whole."""
    caller(router)
    cases = services_of(router).cases
    listing = cases.get(Listing, TENANT, case_id, listing_id)
    looks = list(cases.all(Look, TENANT, case_id, listing_id))
    taken = [listing.capture_id, *listing.removal_captures, *(look.capture_id for look in looks if look.capture_id)]
    return show_listing_whole(listing, _sealed(case_id, taken), looks)


def _sealed(case_id: str, capture_ids: Iterable[str]) -> list[SealedCapture]:
    """Read these captures, each once. One that is not sealed yet is not there yet."""
    cases = services_of(router).cases
    found: list[SealedCapture] = []
    for capture_id in dict.fromkeys(capture_ids):
        try:
            found.append(cases.get(SealedCapture, TENANT, case_id, capture_id))
        except NotFoundError:
            continue
    return sorted(found, key=lambda item: item.ended_at)


@router.post("/cases/<case_id>/listings/<listing_id>/recheck", summary="Look again now", tags=["listings"])
def recheck(case_id: CaseId, listing_id: CaseId) -> tuple[dict[str, Any], int]:
    """Start a fresh watch whose first look is now; the one that runs ends at its next look."""
    services = services_of(router)
    actor = require(caller(router), Role.PREPARER, Role.APPROVER, Role.ADMIN)
    listing = services.cases.get(Listing, TENANT, case_id, listing_id)
    if listing.state in _NOT_WATCHED:
        raise ConflictError(f"the listing is {listing.state}; it is watched once its notice was sent")
    now = services.now()
    entry = CustodyEntry(
        ts=now,
        actor=actor,
        action=CustodyAction.RECHECK_REQUESTED,
        object=f"listing/{listing_id}",
        sha256=None,
        facts={"watch": str(listing.watch + 1)},
    )
    services.custody.append(TENANT, case_id, entry, once=f"recheck#{listing_id}#{listing.watch + 1}")
    start_watch(
        listing,
        listing.watch + 1,
        first_look_at=now,
        due_again_at=later(now, seconds=services.policy.recheck_seconds),
        by=actor,
        now=now,
        policy=services.policy,
        machine_arn=services.watch_machine_arn,
        cases=services.cases,
        custody=services.custody,
        workflow=services.workflow,
    )
    return {"listing_id": listing_id, "watch": listing.watch + 1, "looks_at": now}, HTTPStatus.ACCEPTED.value


_NOT_WATCHED = frozenset(
    {ListingState.REPORTED, ListingState.CAPTURED, ListingState.CAPTURE_FAILED, ListingState.NOTICE_DRAFTED}
)


@router.get("/cases/<case_id>/timeline", summary="The custody record of a case", tags=["cases"])
def timeline(case_id: CaseId, after: Annotated[int, Query(ge=-1)] = -1, limit: Limit = 200) -> dict[str, Any]:
    """Show the events with their place in the chain and their hash; `next` goes into `after` of the next request.

    `head` is the hash of the last event of all, whatever this page ends with.
    """
    caller(router)
    services = services_of(router)
    services.cases.get(Case, TENANT, case_id)
    head = services.custody.head(TENANT, case_id)
    following = (event for event in services.custody.events(TENANT, case_id) if event.seq > after)
    shown, more = page(map(show_event, following), limit)
    return {
        "events": shown,
        "head": head.digest if head else GENESIS,
        "next": shown[-1]["seq"] if more else None,
    }
