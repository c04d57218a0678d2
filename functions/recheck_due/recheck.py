"""Which listings are due: removed ones whose week is over, and watched ones whose watch died."""

from __future__ import annotations

from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.workflow import Workflow
from takedown.errors import TakedownError
from takedown.listing import Listing
from takedown.states import ListingState
from takedown.times import later
from takedown.watch import WatchPolicy
from takedown.watching import start_watch


def recheck_due(
    tenant: str,
    *,
    policy: WatchPolicy,
    machine_arn: str,
    cases: CaseTable,
    custody: CustodyTable,
    workflow: Workflow,
    now: str,
) -> tuple[int, list[str]]:
    """Start the watches that are due. The schedule may fire twice: what was started is not due any more.

    A listing that is being watched looks after itself; only where its look is overdue by a whole interval has its
    watch died, and gets a new one.

    Returns
    -------
    tuple
        How many were started, and a sentence for each that could not be.
    """
    started, failed = 0, list[str]()
    overdue = later(now, seconds=-policy.interval_seconds)
    for indexed in cases.due_listings(tenant, now):
        if indexed.state is not ListingState.REMOVED and str(indexed.next_check_at) > overdue:
            continue
        listing = cases.get(Listing, indexed.tenant, indexed.case_id, indexed.listing_id)
        if listing.version != indexed.version:
            continue  # the index lags behind: something has happened to it
        try:
            started += start_watch(
                listing,
                listing.watch + 1,
                first_look_at=now,
                # A lease, not the week: the look itself says when the next is due, and one that never ran is due again.
                due_again_at=later(now, seconds=policy.interval_seconds),
                by=system_actor("RecheckDue"),
                now=now,
                policy=policy,
                machine_arn=machine_arn,
                cases=cases,
                custody=custody,
                workflow=workflow,
            )
        except TakedownError as error:
            failed.append(f"listing {listing.listing_id}: {error}")
    return started, failed
