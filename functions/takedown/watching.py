"""Starting watches and recording looks: the steps that several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from takedown.actor import Actor, system_actor
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, RetryableError
from takedown.listing import Listing
from takedown.look import Look
from takedown.states import CustodyAction, VerdictKind
from takedown.watch import Decision, Progress, WatchPolicy, after_look, decide, execution_name

if TYPE_CHECKING:  # the adapters bring botocore; the core only knows their shape
    from takedown.adapters.case_table import CaseTable
    from takedown.adapters.custody_table import CustodyTable
    from takedown.adapters.workflow import Workflow


TRIES = 10
"""How often a look is written again after somebody else changed its listing."""


class WatchTicket(TypedDict):
    """One watch to start: the listing, and which of its watches this is."""

    listing_id: str
    watch: int


class WatchContext(TypedDict):
    """What a watch execution carries from state to state."""

    tenant: str
    case_id: str
    listing_id: str
    watch: int
    look: int
    next_check_at: str
    decision: Decision


def start_watch(
    listing: Listing,
    watch: int,
    *,
    first_look_at: str,
    by: Actor,
    now: str,
    policy: WatchPolicy,
    machine_arn: str,
    cases: CaseTable,
    custody: CustodyTable,
    workflow: Workflow,
    due_again_at: str | None = None,
) -> bool:
    """Start watch number `watch` of a listing; a watch with a lower number ends at its next look.

    Parameters
    ----------
    due_again_at
        Until when the schedule leaves this listing alone; `first_look_at` where it is not scheduled.

    Returns
    -------
    bool
        False where that watch, or a later one, was already running.
    """
    if listing.watch > watch:
        return False
    if listing.watch < watch:
        listing, write = cases.change(listing, watch=watch, next_check_at=due_again_at or first_look_at)
        entry = CustodyEntry(
            ts=now,
            actor=by,
            action=CustodyAction.WATCH_STARTED,
            object=f"listing/{listing.listing_id}",
            sha256=None,
            facts={
                "watch": str(watch),
                "policy": f"{policy.name}/{policy.version}",
                "for_evidence": "yes" if policy.for_evidence else "no: readings are too close to be independent",
            },
        )
        custody.append(
            listing.tenant, listing.case_id, entry, once=f"watch#{listing.listing_id}#{watch}", writes=[write]
        )
    event = {**_context(listing, watch=watch, look=0, decision="WAIT"), "next_check_at": first_look_at}
    return workflow.start(machine_arn, execution_name(listing.case_id, listing.listing_id, watch), event)


def record_look(
    look: Look, *, function: str, policy: WatchPolicy, cases: CaseTable, custody: CustodyTable, now: str
) -> Listing:
    """Put a look, what it changes and the custody events about it on the record, together.

    The same look recorded again (a retried step) changes nothing.

    Parameters
    ----------
    now
        When it is recorded; when it was taken stands in the look.

    Returns
    -------
    Listing
        As it is stored after this look.

    Raises
    ------
    RetryableError
        The listing kept changing while this was written.
    """
    actor = system_actor(function)
    for _ in range(TRIES):
        listing = cases.get(Listing, look.tenant, look.case_id, look.listing_id)
        if any(cases.all(Look, look.tenant, look.case_id, look.look_id)):
            break
        progress = after_look(listing, look.opinion.verdict, at=look.at, policy=policy, proof=look.capture_id)
        new, write = cases.change(listing, **progress.fields)
        entry = _entry(look, listing, new, progress, actor, now)
        try:
            once = f"look#{look.look_id}"
            custody.append(look.tenant, look.case_id, entry, once=once, writes=[cases.create(look), write])
        except ConflictError:
            continue
        listing = cases.get(Listing, look.tenant, look.case_id, look.listing_id)
        break
    else:
        raise RetryableError(f"listing {look.listing_id} kept changing while a look was recorded")
    if listing.escalated_at == look.at:
        _say_still_up(look, listing, actor, custody, now)
    return listing


def _entry(look: Look, old: Listing, new: Listing, progress: Progress, actor: Actor, now: str) -> CustodyEntry:
    facts = {
        "at": look.at,
        "how": look.how,
        "status": str(look.seen.status),
        "final_url": (look.seen.final_url or "")[:500],
    }
    if progress.state_changed:
        facts |= {"from": old.state.value, "to": new.state.value}
    if look.capture_id:
        facts["capture"] = look.capture_id
    return CustodyEntry(
        ts=now,
        actor=actor,
        action=CustodyAction.LISTING_STATE_CHANGED if progress.state_changed else CustodyAction.LISTING_OBSERVED,
        object=f"listing/{look.listing_id}",
        sha256=look.seen.body_sha256,
        facts=facts,
    )


def _say_still_up(look: Look, listing: Listing, actor: Actor, custody: CustodyTable, now: str) -> None:
    """Say it once; a retried step says it again where the first try died before it could."""
    entry = CustodyEntry(
        ts=now,
        actor=actor,
        action=CustodyAction.ESCALATION_DUE,
        object=f"listing/{look.listing_id}",
        sha256=None,
        facts={"at": look.at, "state": listing.state.value},
    )
    custody.append(look.tenant, look.case_id, entry, once=f"escalation#{look.listing_id}#{look.at}")


def next_context(
    listing: Listing, seen: VerdictKind, *, watch: int, look: int, policy: WatchPolicy, proof: str | None
) -> dict[str, Any]:
    """Return what the watch execution carries on after look number `look`, from the listing as it is stored."""
    decision = decide(listing, seen, look=look, policy=policy, proof=proof)
    tickets: list[WatchTicket] = [{"listing_id": listing.listing_id, "watch": watch + 1}]
    return {**_context(listing, watch=watch, look=look + 1, decision=decision), "watches": tickets}


def _context(listing: Listing, *, watch: int, look: int, decision: Decision) -> WatchContext:
    return {
        "tenant": listing.tenant,
        "case_id": listing.case_id,
        "listing_id": listing.listing_id,
        "watch": watch,
        "look": look,
        "next_check_at": str(listing.next_check_at),
        "decision": decision,
    }


def superseded(listing: Listing, watch: int) -> bool:
    """Whether a later watch of this listing is running, so that this one has to end."""
    return watch != 0 and listing.watch > watch
