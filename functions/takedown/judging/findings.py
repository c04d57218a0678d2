"""What a step of the decision order concludes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from takedown.judging.look import Look
from takedown.states import VerdictKind
from takedown.verdict import MAX_QUOTE, Evidence


@dataclass(frozen=True)
class Finding:
    """A conclusion, its code and sentence, the step, and what it rests on."""

    kind: VerdictKind
    reason: str
    detail: str
    rule: str
    evidence: tuple[Evidence, ...] = ()


Step = Callable[[Look], Finding | None]


def quote(marker: str, where: str, text: str) -> tuple[Evidence, ...]:
    """Return one piece of evidence."""
    return (Evidence(marker=marker, where=where, quote=text[:MAX_QUOTE]),)
