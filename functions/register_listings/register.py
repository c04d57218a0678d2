"""Registering the listings of a batch: each once, however often the step is tried, whichever batch it came in first."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from takedown import canonical
from takedown.adapters.case_table import CaseTable
from takedown.capture import CaptureOrder
from takedown.case import Batch, Case, batch_key
from takedown.errors import IntegrityError, NotFoundError, RetryableError
from takedown.listing import Listing
from takedown.states import ListingState

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

WRITERS = 8
"""Writes at once."""
TRIES = 10
"""How often one write is tried: a table takes 1,000 small writes a second under one key, and then says wait."""

_LISTINGS = TypeAdapter(list[Listing])


@dataclass(frozen=True)
class Registered:
    """What came of it."""

    given: int
    """How many listings the batch holds."""
    held: int
    """How many of them are in the case by another batch."""
    orders: int
    """How many are to be visited."""
    manifest: str
    """Where in the work bucket the orders to visit them lie."""


def register(
    tenant: str,
    case_id: str,
    number: int,
    *,
    cases: CaseTable,
    s3: S3Client,
    work_bucket: str,
    sleep: Callable[[float], None],
) -> Registered:
    """Register a batch. A repeated step finds its own work and writes the same manifest.

    Raises
    ------
    NotFoundError
        The case has no such batch.
    IntegrityError
        What lies in the work bucket is not what the case and its custody record name.
    RetryableError
        A passing fault; what is registered already will be found.
    """
    case = cases.get(Case, tenant, case_id)
    batch = next((item for item in case.requests if item.number == number), None)
    if batch is None:
        raise NotFoundError(f"case {case_id} has no batch {number}")
    given = _read(case, batch, s3, work_bucket)
    ours = _write(given, case, number, cases, sleep)
    # A listing that was visited before is not visited anew because its batch is started again.
    orders = [_order(item) for item in ours if item.state is ListingState.REPORTED]
    body = json.dumps(orders).encode()
    key = f"{tenant}/{case_id}/orders-{number}-{canonical.sha256(body)}.json"
    s3.put_object(Bucket=work_bucket, Key=key, Body=body, ContentType="application/json")
    return Registered(given=len(given), held=len(given) - len(ours), orders=len(orders), manifest=key)


def _read(case: Case, batch: Batch, s3: S3Client, work_bucket: str) -> list[Listing]:
    key = batch_key(case.tenant, case.case_id, batch.sha256)
    body = s3.get_object(Bucket=work_bucket, Key=key)["Body"].read()
    if canonical.sha256(body) != batch.sha256:
        raise IntegrityError(f"{key} is not what case {case.case_id} names as batch {batch.number}")
    try:
        listings = _LISTINGS.validate_json(body)
    except ValidationError as error:
        raise IntegrityError(f"{key} does not hold listings: {error}") from error
    if any((item.tenant, item.case_id, item.batch) != (case.tenant, case.case_id, batch.number) for item in listings):
        raise IntegrityError(f"{key} holds listings of another batch")
    return listings


def _write(
    given: Sequence[Listing], case: Case, number: int, cases: CaseTable, sleep: Callable[[float], None]
) -> list[Listing]:
    """Write what is not there; return what is in the case by this batch, as it is stored, in the team's order.

    Each listing is written by itself: nothing here has to happen together, and a step that dies goes on where it was.
    """
    held = {item.listing_id: item for item in cases.all(Listing, case.tenant, case.case_id)}

    def stored(listing: Listing) -> Listing:
        if listing.listing_id in held:
            return held[listing.listing_id]
        if _add(listing, cases, sleep):
            return listing
        return cases.get(Listing, case.tenant, case.case_id, listing.listing_id)  # another batch was first

    with ThreadPoolExecutor(WRITERS) as pool:
        found = list(pool.map(stored, given))
    return [item for item in found if item.batch == number]


def _add(listing: Listing, cases: CaseTable, sleep: Callable[[float], None]) -> bool:
    for attempt in range(TRIES - 1):
        try:
            return cases.add(listing)
        except RetryableError:
            sleep(random.uniform(0, min(0.1 * 2**attempt, 5.0)))  # noqa: S311 - jitter, not a secret
    return cases.add(listing)


def _order(listing: Listing) -> dict[str, object]:
    order = CaptureOrder(
        tenant=listing.tenant,
        case_id=listing.case_id,
        listing_id=listing.listing_id,
        capture_id=listing.capture_id,
        url=listing.canonical_url,
        purpose="infringement",
        requested_by=listing.added_by,
    )
    return order.model_dump(mode="json", exclude={"attempt"})
