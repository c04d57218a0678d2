"""One plain look at a listing. It may show a removal; only a capture proves one."""

from __future__ import annotations

from typing import Any

from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.probe import Prober
from takedown.capture import CaptureOrder
from takedown.judged import judged
from takedown.listing import Listing
from takedown.look import Look, look_id
from takedown.model import Frozen, Id
from takedown.observation import Observation
from takedown.states import VerdictKind
from takedown.watch import WatchPolicy, proof_capture_id
from takedown.watching import next_context, record_look, superseded

ACTOR = system_actor("CheckListing")


class LookOrder(Frozen):
    """The event."""

    tenant: Id
    case_id: Id
    listing_id: Id
    watch: int
    look: int


def check(
    order: LookOrder, *, cases: CaseTable, custody: CustodyTable, prober: Prober, policy: WatchPolicy, now: str
) -> dict[str, Any]:
    """Look, record the look, and return what the watch carries on."""
    listing = cases.get(Listing, order.tenant, order.case_id, order.listing_id)
    identifier = look_id(order.listing_id, order.watch, order.look, "probe")
    if superseded(listing, order.watch):
        return {**_next(listing, VerdictKind.ERROR, order, policy), "decision": "CLOSE"}
    look = next(iter(cases.all(Look, order.tenant, order.case_id, identifier)), None)
    if look is None:
        look = _look(listing, identifier, prober, now)
        listing = record_look(look, function="CheckListing", policy=policy, cases=cases, custody=custody, now=now)
    context = _next(listing, look.opinion.verdict, order, policy)
    if context["decision"] != "PROVE":
        return context
    proof = CaptureOrder(
        tenant=order.tenant,
        case_id=order.case_id,
        listing_id=order.listing_id,
        capture_id=proof_capture_id(order.listing_id, order.watch, order.look),
        url=listing.canonical_url,
        purpose="removal" if look.opinion.verdict is VerdictKind.REMOVED else "infringement",
        requested_by=ACTOR,
    )
    # The proof belongs to this look, so the number stays until it is judged.
    return {**context, "look": order.look, "order": proof.model_dump(mode="json", exclude={"attempt"})}


def _next(listing: Listing, seen: VerdictKind, order: LookOrder, policy: WatchPolicy) -> dict[str, Any]:
    return next_context(listing, seen, watch=order.watch, look=order.look, policy=policy, proof=None)


def _look(listing: Listing, identifier: str, prober: Prober, now: str) -> Look:
    answer = prober.look(listing.canonical_url)
    observation = Observation(
        url=listing.canonical_url,
        final_url=answer.final_url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        platform=listing.platform,
        complete=answer.complete,
    )
    return Look(
        tenant=listing.tenant,
        case_id=listing.case_id,
        listing_id=listing.listing_id,
        look_id=identifier,
        at=now,
        how="probe",
        capture_id=None,
        **judged(observation, answer.transport_error),
    )
