"""Opening a case and adding listings to it: all is checked, and the whole request kept, before anything begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takedown import canonical
from takedown.actor import Actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.workflow import Workflow
from takedown.case import Batch, Case, CaseInput, ListingInput, batch_key
from takedown.custody import CustodyEntry
from takedown.errors import ConflictError, InputError, InputListError, NotFoundError, RetryableError
from takedown.guard.gate import AllowedHosts, gate
from takedown.guard.judge_url import admit
from takedown.guard.resolver import StaticResolver
from takedown.identity import identify
from takedown.listing import Listing
from takedown.states import CustodyAction, ListingState

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TRIES = 10
"""How often a batch is numbered again after another one took its number."""
MOST_BATCHES = 200
"""Of a case: each takes less than 1 KB of its item."""
MOST_CASE_BYTES = 200_000
"""Of a case as it is opened: a DynamoDB item ends at 400 KB, and its batches have to fit as well."""
MOST_LISTING_BYTES = 50_000
"""Of a listing as it is reported."""


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

    def open(
        self,
        given: CaseInput,
        *,
        tenant: str,
        case_id: str,
        preparer: Actor,
        now: str,
        idempotency_key: str | None = None,
    ) -> Case:
        """Open a case and start its machine. The same request under the same id is one case, however often it comes.

        Raises
        ------
        InputListError
            Naming every listing that cannot be used.
        InputError
            The case is too large.
        ConflictError
            The id (that is: the Idempotency-Key) was used for another request.
        """
        request = _digest(given.model_dump(mode="json"))
        try:
            case = self.cases.get(Case, tenant, case_id)
        except NotFoundError:
            draft = Case(
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
            if len(draft.model_dump_json().encode()) > MOST_CASE_BYTES:
                raise InputError(
                    "agents",
                    f"the case would take more than {MOST_CASE_BYTES:,} bytes.",
                    "Leave out agents of hosts that none of its listings is on.",
                ) from None
            listings = self.understand(given.listings, draft, by=preparer)
            batch = self._keep(listings, draft, 1, request, preparer, now, idempotency_key)
            opened = draft.model_copy(update={"requests": [batch]})
            entry = _entry(CustodyAction.CASE_OPENED, opened, batch)
            self.custody.append(tenant, case_id, entry, once="opened", writes=[self.cases.create(opened)])
            # Of two such requests at once one writes, and both read what it wrote.
            case = self.cases.get(Case, tenant, case_id)
        if case.request_sha256 != request:
            raise ConflictError("this Idempotency-Key was used for another request; use a fresh one for a new case")
        self._start(case, 1)
        return case

    def add(
        self,
        given: Sequence[ListingInput],
        *,
        tenant: str,
        case_id: str,
        by: Actor,
        now: str,
        idempotency_key: str | None = None,
    ) -> tuple[Case, Batch]:
        """Add listings to a case, as a batch of their own.

        The same request by the same person is one batch, so whoever got no answer sends it again: what the first
        call did not come to do is done then. With another Idempotency-Key it is another request.

        Raises
        ------
        InputListError
            Naming every listing that cannot be used, or is in the case already.
        ConflictError
            The Idempotency-Key was used for another request, or the case is full.
        RetryableError
            Others kept adding to the case.
        """
        request = _digest([item.model_dump(mode="json") for item in given])
        listings: list[Listing] = []
        for _ in range(TRIES):
            case = self.cases.get(Case, tenant, case_id)
            batch = _repeated(case, request, by, idempotency_key)
            if batch is not None:
                self._start(case, batch.number)
                return case, batch
            if len(case.requests) >= MOST_BATCHES:
                raise ConflictError(f"the case has {MOST_BATCHES} batches of listings; open another one")
            listings = listings or self.understand(given, case, by=by)
            self._refuse_known(listings, case)
            batch = self._keep(listings, case, case.batches + 1, request, by, now, idempotency_key)
            _, write = self.cases.change(case, batches=batch.number, requests=[*case.requests, batch])
            entry = _entry(CustodyAction.LISTINGS_ADDED, case, batch)
            once = f"batch#{_derived(by.person, idempotency_key or '', request)}"
            try:
                self.custody.append(tenant, case_id, entry, once=once, writes=[write])
            except ConflictError:
                continue  # another batch took the number, or this very one was recorded by another call
        raise RetryableError(f"case {case_id} kept changing while listings were added to it")

    def understand(self, given: Sequence[ListingInput], case: Case, *, by: Actor) -> list[Listing]:
        """Judge and identify every URL, without visiting any. The listings have no batch yet."""
        problems: list[InputError] = []
        listings: list[Listing] = []
        seen: dict[str, int] = {}
        for number, item in enumerate(given):
            field = f"listings[{number}].url"
            try:
                listing = self._listing(item, case, number, field, by)
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

    def _listing(self, item: ListingInput, case: Case, number: int, field: str, by: Actor) -> Listing:
        gated = gate(item.url, allow=self.allow, field=field)
        if gated.address is not None:
            admit(item.url, StaticResolver({}), self.allow, field=field)  # an address is judged without any DNS
        identity = identify(gated.href)
        if identity.canonical is None:
            raise InputError(
                field, f"not the address of one listing: {identity.reason}.", "Give the listing's own URL."
            )
        # The same page is the same listing, in whichever batch it comes.
        listing_id = _derived(case.case_id, identity.canonical)
        listing = Listing(
            tenant=case.tenant,
            case_id=case.case_id,
            listing_id=listing_id,
            batch=0,
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
        if len(listing.model_dump_json().encode()) > MOST_LISTING_BYTES:
            raise InputError(f"listings[{number}]", f"it takes more than {MOST_LISTING_BYTES:,} bytes.", "Shorten it.")
        return listing

    def _refuse_known(self, listings: Sequence[Listing], case: Case) -> None:
        known = self.cases.held(Listing, case.tenant, case.case_id, (item.listing_id for item in listings))
        repeated = [
            InputError(f"listings[{item.place}].url", "this listing is already in the case.", "Leave it out.")
            for item in listings
            if item.listing_id in known
        ]
        if repeated:
            raise InputListError(repeated)

    def _keep(
        self,
        listings: Sequence[Listing],
        case: Case,
        number: int,
        request: str,
        by: Actor,
        now: str,
        idempotency_key: str | None,
    ) -> Batch:
        """Write the listings to be registered as one object. Until a case names it, it means nothing."""
        lines = [item.model_copy(update={"batch": number}).model_dump_json() for item in listings]
        body = f"[{','.join(lines)}]".encode()
        digest = canonical.sha256(body)
        key = batch_key(case.tenant, case.case_id, digest)
        self.s3.put_object(Bucket=self.work_bucket, Key=key, Body=body, ContentType="application/json")
        return Batch(
            number=number,
            request_sha256=request,
            sha256=digest,
            listings=len(listings),
            added_by=by,
            added_at=now,
            idempotency_key=idempotency_key,
        )

    def _start(self, case: Case, number: int) -> None:
        event = {"tenant": case.tenant, "case_id": case.case_id, "batch": number}
        self.workflow.start(self.machine_arn, f"{case.case_id}-b{number}", event)


def case_id_for(tenant: str, person: str, idempotency_key: str) -> str:
    """Return the case id that an Idempotency-Key of a person stands for."""
    return _derived(tenant, person, idempotency_key)


def _repeated(case: Case, request: str, by: Actor, idempotency_key: str | None) -> Batch | None:
    """Find the batch that this very request made; without a key, the request itself is the key."""
    for batch in case.requests:
        if (batch.added_by.person, batch.idempotency_key) != (by.person, idempotency_key):
            continue
        if batch.request_sha256 == request:
            return batch
        if idempotency_key is not None:
            raise ConflictError("this Idempotency-Key was used for another request; use a fresh one for other listings")
    return None


def _digest(request: Any) -> str:  # noqa: ANN401 - any JSON
    return canonical.sha256(canonical.dumps(request))


def _derived(*parts: str) -> str:
    return hashlib.sha256("#".join(parts).encode()).hexdigest()[:32]


def _entry(action: CustodyAction, case: Case, batch: Batch) -> CustodyEntry:
    facts = {
        "listings": str(batch.listings),
        "batch": str(batch.number),
        "batch_sha256": batch.sha256,
        "right": case.right.kind.value,
    }
    return CustodyEntry(
        ts=batch.added_at,
        actor=batch.added_by,
        action=action,
        object=f"case/{case.case_id}",
        sha256=batch.request_sha256,
        facts=facts,
    )
