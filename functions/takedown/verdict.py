"""A verdict: what one look showed, by which rule, on what evidence."""

from __future__ import annotations

from takedown.model import Frozen
from takedown.states import VerdictKind

MAX_QUOTE = 240


class Evidence(Frozen):
    """The thing on the page, or about the response, that the rule rests on."""

    marker: str
    """The phrase, selector, header, URL form or key."""
    where: str
    """Where it stood, for example ``visible main text`` or ``final URL``."""
    quote: str
    """What stood there, at most `MAX_QUOTE` characters."""


class Verdict(Frozen):
    """What was concluded from one observation. The same observation and ruleset always give the same verdict."""

    kind: VerdictKind
    reason: str
    """A stable code, for example ``http_404`` or ``no_signal``."""
    detail: str
    """One sentence for a person."""
    rule: str
    """The step of the decision order, and the marker where there is one: ``11.gone-phrase:amazon.soft-404``."""
    evidence: tuple[Evidence, ...] = ()
    ruleset: str
    """Names, versions and digest of the data it was reached under."""
    would_change: str
    """What would have changed it, in one sentence."""

    @property
    def quote(self) -> str:
        """The first quoted evidence, for records that keep one line; empty where there is none."""
        return self.evidence[0].quote if self.evidence else ""

    @property
    def words(self) -> str:
        """Words that the page shows, verbatim, on which the verdict rests; empty where it rests on something else."""
        shown = (item.quote for item in self.evidence if item.where == "title" or item.where.startswith("visible"))
        return next(shown, "")
