"""The custody record of a case: append-only, each event carrying the hash of the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from takedown import canonical
from takedown.actor import Actor
from takedown.errors import ChainError, IntegrityError
from takedown.model import Document, Frozen, Id, Sha256Hex, Timestamp
from takedown.states import CustodyAction

GENESIS = "0" * 64
"""`prev` of the first event."""


class CustodyEntry(Frozen):
    """What happened, before it has a place in the chain."""

    ts: Timestamp
    actor: Actor
    action: CustodyAction
    object: str
    """What it happened to, as kind and id: ``capture/<id>``, ``notice/<id>``, ``listing/<id>``, ``bundle/<id>``."""
    sha256: Sha256Hex | None
    """Of the bytes of that object, where it has bytes."""
    facts: dict[str, str]
    """Short facts that belong to the event; text only."""


class CustodyEvent(Document):
    """One event in its place."""

    schema_: Literal["takedown.custody/1"] = Field("takedown.custody/1", alias="schema")
    tenant: Id
    case_id: Id
    seq: Annotated[int, Field(ge=0)]
    prev: Sha256Hex
    ts: Timestamp
    actor: Actor
    action: CustodyAction
    object: str
    sha256: Sha256Hex | None
    facts: dict[str, str]

    def to_bytes(self) -> bytes:
        """Return the canonical line; its SHA-256 is the next event's `prev`."""
        return canonical.dumps(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical line."""
        return canonical.sha256(self.to_bytes())


def append(tenant: str, case_id: str, head: CustodyEvent | None, entry: CustodyEntry) -> CustodyEvent:
    """Give an entry the place after `head` (None: the first place).

    `ts` is when it was recorded. Two writers' clocks differ by a little, and the record never runs backwards, so an
    entry never carries an earlier time than the event before it; when a thing was seen stands in its facts.
    """
    return CustodyEvent(
        tenant=tenant,
        case_id=case_id,
        seq=0 if head is None else head.seq + 1,
        prev=GENESIS if head is None else head.digest,
        **{**dict(entry), "ts": entry.ts if head is None else max(entry.ts, head.ts)},
    )


def verify_chain(lines: Iterable[bytes], *, head: str | None = None) -> int:
    """Check a custody record line by line, offline.

    Parameters
    ----------
    lines
        The canonical lines without line ends, in order.
    head
        SHA-256 that the last line must have, where it is known; without it a cut tail cannot be seen.

    Returns
    -------
    int
        How many events the chain holds.

    Raises
    ------
    ChainError
        Naming the first difference: a line that is not canonical, a gap, a fork, a foreign case, a time before
        the event it follows, or a tail that was cut.
    """
    last: CustodyEvent | None = None
    count = 0
    for number, line in enumerate(lines):
        event = _read(line, number)
        expected = GENESIS if last is None else last.digest
        if event.seq != number:
            raise ChainError(f"event {number}: its seq is {event.seq}: an event is missing, repeated or moved")
        if event.prev != expected:
            raise ChainError(
                f"event {number}: prev is {event.prev[:16]}… but the event before it hashes to {expected[:16]}…"
            )
        if last is not None and (event.tenant, event.case_id) != (last.tenant, last.case_id):
            raise ChainError(
                f"event {number}: belongs to case {event.tenant}/{event.case_id}, not {last.tenant}/{last.case_id}"
            )
        if last is not None and event.ts < last.ts:
            raise ChainError(f"event {number}: recorded at {event.ts}, before the event it follows ({last.ts})")
        last, count = event, number + 1
    if head is not None and (last is None or last.digest != head):
        found = "no event at all" if last is None else f"event {last.seq} with {last.digest[:16]}…"
        raise ChainError(f"the record ends at {found}, but its head is {head[:16]}…: the tail was cut or changed")
    return count


def _read(line: bytes, number: int) -> CustodyEvent:
    try:
        value: Any = canonical.loads(line)
        return CustodyEvent.model_validate(value)
    except (IntegrityError, ValidationError) as error:
        raise ChainError(f"event {number}: {str(error).splitlines()[0]}") from error
