"""The custody record, and whether what it tells of is here."""

from __future__ import annotations

from collections.abc import Mapping

from takedown.bundle.documents import CustodyHead, ExportedCase
from takedown.custody import verify_chain
from takedown.errors import IntegrityError
from takedown.verify.captures import FOLDER, SealedHere
from takedown.verify.contents import Contents
from takedown.verify.told import Told

RECORD = "data/custody/custody.jsonl"
HEAD = "data/custody/head.json"


def check_custody(
    contents: Contents, case: ExportedCase | None, captures: Mapping[str, SealedHere], withheld: Mapping[str, str]
) -> Told | None:
    """Check the chain and its head, and compare the record with the captures that are here.

    Returns
    -------
    Told | None
        What the record tells; None where its chain does not hold.
    """
    findings = contents.findings
    told = Told()
    try:
        head = contents.document(HEAD, CustodyHead)
    except IntegrityError as error:
        findings.fail("custody-head", HEAD, str(error))
        head = None
    try:
        count = verify_chain(told.noting(contents.lines(RECORD)), head=head.sha256 if head else None)
    except (IntegrityError, RecursionError) as error:
        findings.fail("custody-chain", RECORD, str(error))
        return None
    findings.passed("custody-chain", RECORD, f"{count} events")
    if head is not None:
        with findings.check("custody-head", HEAD):
            if (head.events, (head.tenant, head.case_id)) != (count, told.case):
                raise IntegrityError(
                    f"head.json tells of {head.events} events, or of another case; the record has {count}"
                )
    with findings.check("custody-case", RECORD):
        if case is not None and told.case != (case.tenant, case.case_id):
            raise IntegrityError("the record is of another case")
        if told.twice:
            raise IntegrityError(f"{told.twice[0]} is told twice with different digests")
    _captures(contents, told, captures, withheld)
    return told


def _captures(contents: Contents, told: Told, captures: Mapping[str, SealedHere], withheld: Mapping[str, str]) -> None:
    for key in sorted(told.sealed.keys() | captures.keys()):
        with contents.findings.check("custody-captures", key):
            on_record, here = told.sealed.get(key), captures.get(key)
            if on_record is None:
                raise IntegrityError("a capture that the custody record does not tell of")
            if here is None and withheld.get(f"{FOLDER}/{key}/seal.json") == on_record.sha256:
                continue
            if here is None:
                raise IntegrityError("sealed according to the custody record, but missing and not declared as withheld")
            if here.seal_sha256 != on_record.sha256:
                raise IntegrityError("seal.json is not the one that the custody record tells of")
            chain = here.seal.custody if here.seal else None
            if chain and (chain.seq >= on_record.seq or told.digests[chain.seq] != chain.sha256):
                raise IntegrityError(
                    f"was sealed when event {chain.seq} of the custody record was another one: history was rewritten"
                )
            listing = here.record.listing_id if here.record else None
            if listing and on_record.facts.get("listing", listing) != listing:
                raise IntegrityError(f"is of listing {listing}, but the custody record says another one")
