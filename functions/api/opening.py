"""Opening a case and adding listings to it: everything is checked before anything is written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takedown import canonical
from takedown.actor import Actor
from takedown.adapters.case_table import MAX_TRANSACTION, CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.workflow import Workflow
from takedown.capture import CaptureOrder
from takedown.case import Case, CaseInput, ListingInput
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, InputError, InputListError, NotFoundError
from takedown.guard.gate import AllowedHosts, gate
from takedown.guard.judge_url import admit
from takedown.guard.resolver import StaticResolver
from takedown.identity import identify
from takedown.listing import Listing
from takedown.states import CustodyAction, ListingState

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Opener:
    """What opening needs."""

    cases: CaseTable
    custody: CustodyTable
    workflow: Workflow
    s3: S3Client
    work_bucket: str
    machine_arn: str
    allow: AllowedHosts

    def open(self, given: CaseInput, *, tenant: str, case_id: str, preparer: Actor, now: str) -> Case:
        """Open a case and start its machine. The same request under the same id is one case.

        Raises
        ------
        InputListError
            Naming every listing that cannot be used.
        ConflictError
            The id (that is: the Idempotency-Key) was used for another request.
        """
        request = canonical.sha256(canonical.dumps(given.model_dump(mode="json")))
        case = Case(
            tenant=tenant,
            case_id=case_id,
            right=given.right,
            rights_holder=given.rights_holder,
            agents=given.agents,
            reference=given.reference,
            preparer=preparer,
            opened_at=now,
            batches=1,
            request_sha256=request,
        )
        listings = self.understand(given.listings, case, batch=1, by=preparer)
        try:
            existing = self.cases.get(Case, tenant, case_id)
        except NotFoundError:
            self._write(listings)
            self._manifest(case, listings, 1)
            self._record(case, CustodyAction.CASE_OPENED, len(listings), 1, preparer, now)
            existing = self.cases.get(Case, tenant, case_id)
        if existing.request_sha256 != request:
            raise ConflictError("this Idempotency-Key was used for another request; use a fresh one for a new case")
        self._start(existing, 1)
        return existing

    def add(self, given: list[ListingInput], case: Case, *, by: Actor, now: str) -> list[Listing]:
        """Add listings to a case, as a batch of their own."""
        batch = case.batches + 1
        known = {item.canonical_url for item in self.cases.all(Listing, case.tenant, case.case_id)}
        listings = self.understand(given, case, batch=batch, by=by)
        repeated = [
            InputError(f"listings[{number}].url", "this listing is already in the case.", "Leave it out.")
            for number, listing in enumerate(listings)
            if listing.canonical_url in known
        ]
        if repeated:
            raise InputListError(repeated)
        # The batch number is taken first: two callers at once cannot both write under it.
        new, write = self.cases.change(case, batches=batch)
        entry = _entry(CustodyAction.LISTINGS_ADDED, case, len(listings), batch, by, now)
        self.custody.append(case.tenant, case.case_id, entry, once=f"batch#{batch}#{by.person}#{now}", writes=[write])
        self._write(listings)
        self._manifest(new, listings, batch)
        self._start(new, batch)
        return listings

    def understand(self, given: list[ListingInput], case: Case, *, batch: int, by: Actor) -> list[Listing]:
        """Judge and identify every URL, without visiting any."""
        problems: list[InputError] = []
        listings: list[Listing] = []
        seen: dict[str, int] = {}
        for number, item in enumerate(given):
            field = f"listings[{number}].url"
            try:
                listing = self._listing(item, case, batch, number, field, by)
            except InputError as error:
                problems.append(error)
                continue
            if listing.canonical_url in seen:
                first = seen[listing.canonical_url]
                problems.append(InputError(field, f"the same listing as listings[{first}].", "Leave one of them out."))
            seen.setdefault(listing.canonical_url, number)
            listings.append(listing)
        if problems:
            raise InputListError(problems)
        return listings

    def _listing(
        self, item: ListingInput, case: Case, batch: int, number: int, field: str, by: Actor
    ) -> Listing:
        gated = gate(item.url, allow=self.allow, field=field)
        if gated.address is not None:
            admit(item.url, StaticResolver({}), self.allow, field=field)  # an address is judged without any DNS
        identity = identify(gated.href)
        if identity.canonical is None:
            raise InputError(
                field, f"not the address of one listing: {identity.reason}.", "Give the listing's own URL."
            )
        # Ids sort as the team listed them: batch, then place in the batch.
        listing_id = f"{batch:04x}{number:05x}{_derived(case.case_id, str(batch), str(number))[:23]}"
        return Listing(
            tenant=case.tenant,
            case_id=case.case_id,
            listing_id=listing_id,
            batch=batch,
            place=number,
            added_by=by,
            url=item.url,
            canonical_url=identity.canonical,
            platform=identity.platform,
            platform_listing_id=identity.listing_id,
            seller=item.seller,
            target=item.target,
            state=ListingState.REPORTED,
            capture_id=_derived(listing_id, "infringement"),
        )

    def _write(self, listings: list[Listing]) -> None:
        for start in range(0, len(listings), MAX_TRANSACTION):
            self.cases.commit([self.cases.create_same(item) for item in listings[start : start + MAX_TRANSACTION]])

    def _manifest(self, case: Case, listings: list[Listing], batch: int) -> None:
        orders = [
            CaptureOrder(
                tenant=case.tenant,
                case_id=case.case_id,
                listing_id=item.listing_id,
                capture_id=item.capture_id,
                url=item.canonical_url,
                purpose="infringement",
                requested_by=item.added_by,
            ).model_dump(mode="json", exclude={"attempt"})
            for item in listings
        ]
        self.s3.put_object(Bucket=self.work_bucket, Key=_manifest_key(case, batch), Body=json.dumps(orders).encode())

    def _record(self, case: Case, action: CustodyAction, count: int, batch: int, by: Actor, now: str) -> None:
        entry = _entry(action, case, count, batch, by, now)
        self.custody.append(case.tenant, case.case_id, entry, once="opened", writes=[self.cases.create(case)])

    def _start(self, case: Case, batch: int) -> None:
        event = {
            "tenant": case.tenant,
            "case_id": case.case_id,
            "batch": batch,
            "manifest": {"bucket": self.work_bucket, "key": _manifest_key(case, batch)},
        }
        self.workflow.start(self.machine_arn, f"{case.case_id}-b{batch}", event)


def case_id_for(tenant: str, person: str, idempotency_key: str) -> str:
    """Return the case id that an Idempotency-Key of a person stands for."""
    return _derived(tenant, person, idempotency_key)


def _derived(*parts: str) -> str:
    return hashlib.sha256("#".join(parts).encode()).hexdigest()[:32]


def _manifest_key(case: Case, batch: int) -> str:
    return f"{case.tenant}/{case.case_id}/listings-{batch}.json"


def _entry(action: CustodyAction, case: Case, count: int, batch: int, by: Actor, now: str) -> CustodyEntry:
    facts = {"listings": str(count), "batch": str(batch), "right": case.right.kind.value}
    return CustodyEntry(
        ts=now, actor=by, action=action, object=f"case/{case.case_id}", sha256=case.request_sha256, facts=facts
    )
