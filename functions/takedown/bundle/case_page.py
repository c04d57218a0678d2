"""What the case page shows, worked out from the record. No opinion enters: states, observations, hashes, times."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from takedown.bundle.documents import CustodyHead, ExportedCase, ExportedListing, ExportedNotice, Observation
from takedown.bundle.dossier import Trust
from takedown.capture import CaptureRecord
from takedown.seal import Seal

TIMELINE_LIMIT = 1000
"""Rows; a reader of more opens `custody.jsonl`."""

_ROUTINE = {"LISTING_OBSERVED"}
"""Counted, not listed: a watched listing is looked at day after day."""


@dataclass(frozen=True)
class CapturePage:
    """One capture, as the page shows it."""

    record: CaptureRecord
    seal: Seal
    seal_sha256: str
    files: frozenset[str]

    @property
    def shot(self) -> str | None:
        """Path of the untouched viewport shot, relative to the page; another screenshot where there is none."""
        shots = sorted(
            artifact.path
            for artifact in self.record.artifacts
            if artifact.media_type == "image/png"
            and artifact.path.startswith("screenshot")
            and artifact.path in self.files
        )
        best = next((path for path in shots if "viewport" in path), shots[0] if shots else None)
        return best and f"captures/{self.record.capture_id}/{best}"

    @property
    def status(self) -> str:
        """What the server answered."""
        main = self.record.main_response
        return f"HTTP {main.status} {main.status_text}".strip() if main else f"no page: {self.record.detail}"


@dataclass(frozen=True)
class ListingRow:
    """One listing, as the page shows it."""

    number: int
    listing: ExportedListing
    first: CapturePage | None
    removal: CapturePage | None
    """The capture of the first look that found it gone."""
    confirmation: CapturePage | None
    hosts: tuple[str, str] | None
    """The host in its own script and in punycode, where they differ."""
    looks: int
    last: Observation | None


@dataclass(frozen=True)
class TimelineRow:
    """One event of the custody record."""

    seq: int
    ts: str
    action: str
    object: str
    person: str
    sha256: str | None
    facts: dict[str, str]


@dataclass(frozen=True)
class CasePage:
    """Everything the template is given."""

    case: ExportedCase
    captures: Mapping[str, CapturePage]
    notices: Sequence[ExportedNotice]
    observations: Sequence[Observation]
    events: Sequence[Mapping[str, Any]]
    """The custody record."""
    head: CustodyHead
    trust: Trust
    name: str
    withheld: int

    @property
    def rows(self) -> Iterator[ListingRow]:
        """The listings in their order."""
        counts = Counter(item.listing_id for item in self.observations)
        latest = {item.listing_id: item for item in self.observations}
        for number, listing in enumerate(self.case.listings, 1):
            removals = [self.captures[key] for key in listing.removal_captures if key in self.captures]
            yield ListingRow(
                number,
                listing,
                self.captures.get(listing.capture_id),
                removals[0] if removals else None,
                removals[1] if len(removals) > 1 else None,
                hosts(listing.canonical_url),
                counts[listing.listing_id],
                latest.get(listing.listing_id),
            )

    @property
    def timeline(self) -> list[TimelineRow]:
        """The events that are not routine, first first."""
        shown = [event for event in self.events if event["action"] not in _ROUTINE][:TIMELINE_LIMIT]
        return [
            TimelineRow(
                event["seq"],
                event["ts"],
                event["action"],
                event["object"],
                event["actor"]["person"],
                event["sha256"],
                event["facts"],
            )
            for event in shown
        ]

    @property
    def states(self) -> list[tuple[str, int]]:
        """How many listings stand in each state, most first."""
        return Counter(listing.state.value for listing in self.case.listings).most_common()


def hosts(url: str) -> tuple[str, str] | None:
    """Return an internationalised host as it reads and as it is dialled; None for a plain one.

    Examples
    --------
    >>> hosts("https://xn--fsqu00a.example/x")
    ('例子.example', 'xn--fsqu00a.example')
    """
    try:
        punycode = urlsplit(url).hostname or ""
    except ValueError:
        return None
    if "xn--" not in punycode:
        return None
    labels = []
    for label in punycode.split("."):
        read = label
        if label.startswith("xn--"):
            with contextlib.suppress(UnicodeError):  # not punycode after all: shown as it is
                read = label[4:].encode("ascii").decode("punycode")
        labels.append(read)
    return ".".join(labels), punycode
