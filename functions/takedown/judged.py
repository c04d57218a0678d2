"""A look as it goes on record: the observation apart from what the judge made of it."""

from __future__ import annotations

from typing import TypedDict

from takedown.canonical import sha256
from takedown.judging import judge
from takedown.look import Opinion, Seen
from takedown.observation import Observation


class Judged(TypedDict):
    """The parts of a look that come from an observation."""

    seen: Seen
    quote: str
    opinion: Opinion


def judged(observation: Observation, transport_error: str | None) -> Judged:
    """Write down what was seen, which of its words matter, and apart from it what the judge makes of it."""
    verdict = judge(observation)
    return {
        "seen": see(observation, transport_error),
        "quote": verdict.words,
        "opinion": Opinion(
            verdict=verdict.kind,
            reason=verdict.reason,
            rule=verdict.rule,
            quote=verdict.quote,
            ruleset=verdict.ruleset,
        ),
    }


def see(observation: Observation, transport_error: str | None) -> Seen:
    """Write down what was seen."""
    body = observation.body if isinstance(observation.body, bytes) else observation.body.encode()
    return Seen(
        url=observation.url,
        final_url=observation.landed if observation.status else None,
        status=observation.status,
        bytes=len(body),
        body_sha256=sha256(body) if observation.status else None,
        transport_error=transport_error,
    )
