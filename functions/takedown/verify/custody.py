"""The custody record, and whether what it tells of is here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from takedown.bundle.documents import CustodyHead, Delivery, ExportedCase, ExportedNotice
from takedown.custody import verify_chain
from takedown.errors import IntegrityError
from takedown.verify.contents import Contents

RECORD = "data/custody/custody.jsonl"
HEAD = "data/custody/head.json"
NOTICES = "data/notices"


@dataclass
class _Told:
    """What the record says was sealed and sent: id to digest."""

    captures: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    case: tuple[str, str] | None = None

    def note(self, line: bytes) -> None:
        """Take note of one event; whether it is sound is for the chain to say."""
        if self.case is not None and b'"CAPTURE_SEALED"' not in line and b'"NOTICE_SENT"' not in line:
            return
        try:
            event = json.loads(line)
            self.case = self.case or (event["tenant"], event["case_id"])
            action, (_, _, key), digest = event["action"], str(event["object"]).partition("/"), str(event["sha256"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        table = {"CAPTURE_SEALED": self.captures, "NOTICE_SENT": self.notices}.get(action)
        if table is not None and table.setdefault(key, digest) != digest:
            self.twice.append(f"{action} {key}")


def check_custody(
    contents: Contents, case: ExportedCase | None, seals: Mapping[str, str], withheld: Mapping[str, str]
) -> None:
    """Check the chain and its head, and compare the record with the captures and notices that are here."""
    findings = contents.findings
    told = _Told()
    try:
        head = contents.document(HEAD, CustodyHead)
    except IntegrityError as error:
        findings.fail("custody-head", HEAD, str(error))
        head = None
    try:
        count = verify_chain(_noting(contents, told), head=head.sha256 if head else None)
    except (IntegrityError, RecursionError) as error:
        findings.fail("custody-chain", RECORD, str(error))
        return
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
    _captures(contents, told, seals, withheld)
    _notices(contents, told, withheld)


def _noting(contents: Contents, told: _Told) -> Iterator[bytes]:
    for line in contents.lines(RECORD):
        told.note(line)
        yield line


def _captures(contents: Contents, told: _Told, seals: Mapping[str, str], withheld: Mapping[str, str]) -> None:
    for key in sorted(told.captures.keys() | seals.keys()):
        with contents.findings.check("custody-captures", key):
            on_record, here = told.captures.get(key), seals.get(key)
            if on_record is None:
                raise IntegrityError("a capture that the custody record does not tell of")
            if here is None and withheld.get(f"data/captures/{key}/seal.json") == on_record:
                continue
            if here is None:
                raise IntegrityError("sealed according to the custody record, but missing and not declared as withheld")
            if here != on_record:
                raise IntegrityError("seal.json is not the one that the custody record tells of")


def _notices(contents: Contents, told: _Told, withheld: Mapping[str, str]) -> None:
    folders = contents.below(NOTICES)
    for key in sorted(told.notices.keys() | folders.keys()):
        with contents.findings.check("custody-notices", key):
            on_record = told.notices.get(key)
            if on_record is None:
                raise IntegrityError("a notice that the custody record does not tell of")
            path = f"{NOTICES}/{key}/sent.eml"
            if path not in contents.facts and withheld.get(path) == on_record:
                continue
            if contents.require(path).sha256 != on_record:
                raise IntegrityError("sent.eml is not the message that the custody record tells of")
            notice = contents.document(f"{NOTICES}/{key}/notice.json", ExportedNotice)
            if (notice.notice_id, notice.message_sha256) != (key, on_record):
                raise IntegrityError("notice.json tells of another message")
            _known(set(folders.get(key, ())) - {"sent.eml", "notice.json", "delivery.json"})
            if "delivery.json" in folders.get(key, ()):
                contents.document(f"{NOTICES}/{key}/delivery.json", Delivery)


def _known(extra: set[str]) -> None:
    if extra:
        raise IntegrityError(f"{min(extra)} is not part of a notice")
