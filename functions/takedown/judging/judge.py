"""The decision order. REMOVED and LIVE each need positive evidence; everything else says why it could not tell.

The first step that finds something decides. A wall is looked for before the status counts, because challenges come
with any status; an address is compared before 404 counts, because a shop answers 404 for its other pages too.
"""

from __future__ import annotations

from takedown.identity import identify
from takedown.judging.content_steps import CONTENT_STEPS
from takedown.judging.explain import would_change
from takedown.judging.findings import Finding
from takedown.judging.look import Look
from takedown.judging.response_steps import RESPONSE_STEPS
from takedown.observation import Observation
from takedown.platform.library import Library, load_library
from takedown.states import VerdictKind
from takedown.verdict import Verdict

STEPS = (*RESPONSE_STEPS, *CONTENT_STEPS)


def judge(observation: Observation, platform: str | None = None, rules: Library | None = None) -> Verdict:
    """Say what one look showed.

    Parameters
    ----------
    observation
        What was seen. Nothing is fetched, and no guard is asked.
    platform
        Whose rules hold; else `observation.platform`, else the platform of the reported URL. An unknown name means
        the generic rules.
    rules
        The platform files; the packaged ones unless given.

    Returns
    -------
    Verdict
        Never an exception, whatever the page holds.

    Examples
    --------
    >>> judge(Observation(url="https://shop.test/item/1", status=410)).kind.value
    'REMOVED'
    >>> judge(Observation(url="https://shop.test/item/1", status=403)).kind.value
    'BLOCKED'
    """
    library = rules or load_library()
    name = platform or observation.platform or identify(observation.url, library=library).platform
    name = library.words.platform_names.get(name, name)
    look = Look(observation, library.get(name), library)
    finding = next((found for step in STEPS if (found := step(look)) is not None), _NO_SIGNAL)
    return Verdict(
        kind=finding.kind,
        reason=finding.reason,
        detail=finding.detail,
        rule=finding.rule,
        evidence=finding.evidence,
        ruleset=library.ruleset(look.platform),
        would_change=would_change(finding),
    )


_NO_SIGNAL = Finding(
    VerdictKind.ERROR,
    "no_signal",
    "The page shows neither that the listing is gone nor that it is live.",
    "14.no-signal",
)
