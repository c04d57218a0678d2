"""What the custody record tells, collected while its chain is checked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from takedown import canonical
from takedown.bundle.told import LOOKS, Change, LookTold
from takedown.states import CustodyAction


@dataclass(frozen=True)
class Event:
    """One event about a capture or a notice."""

    seq: int
    sha256: str
    person: str
    role: str
    facts: dict[str, str]


@dataclass
class Told:
    """Read from lines that may be anything; it means something only where `verify_chain` found the chain whole."""

    case: tuple[str, str] | None = None
    digests: list[str] = field(default_factory=list)
    """SHA-256 of each line, in order."""
    sealed: dict[str, Event] = field(default_factory=dict)
    """By capture."""
    sent: dict[str, Event] = field(default_factory=dict)
    """By notice."""
    approved: dict[str, list[Event]] = field(default_factory=dict)
    """By notice."""
    drafted: list[int] = field(default_factory=list)
    openers: set[str] = field(default_factory=set)
    """Who opened the case."""
    looks: Counter[LookTold] = field(default_factory=Counter)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    """By listing: what its looks made of it."""
    twice: list[str] = field(default_factory=list)

    def note(self, line: bytes) -> None:
        """Take note of one event; whether it is sound is for the chain to say."""
        self.digests.append(canonical.sha256(line))
        try:
            event = json.loads(line)
            self.case = self.case or (event["tenant"], event["case_id"])
            self._note(event["action"], event["object"].partition("/")[2], event)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def _note(self, action: str, key: str, event: dict[str, Any]) -> None:
        seq, facts, actor = event["seq"], event["facts"], event["actor"]
        about = Event(seq, str(event["sha256"]), actor["person"], actor["role"], facts)
        table = {CustodyAction.CAPTURE_SEALED: self.sealed, CustodyAction.NOTICE_SENT: self.sent}
        if action in table:
            if table[CustodyAction(action)].setdefault(key, about).sha256 != about.sha256:
                self.twice.append(f"{action} {key}")
        elif action == CustodyAction.NOTICE_APPROVED:
            self.approved.setdefault(key, []).append(about)
        elif action == CustodyAction.NOTICE_DRAFTED:
            self.drafted.append(seq)
        elif action == CustodyAction.CASE_OPENED:
            self.openers.add(about.person)
        elif action in LOOKS:
            self.looks[LookTold.of_event(event)] += 1
            if action == CustodyAction.LISTING_STATE_CHANGED:
                self.changes.setdefault(key, []).append(Change(seq, facts["to"], facts.get("capture")))

    def noting(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Pass lines through, taking note of each."""
        for line in lines:
            self.note(line)
            yield line
