"""What would have changed a verdict, one sentence for each step."""

from __future__ import annotations

from takedown.judging.findings import Finding

_BY_STEP = {
    "1": "A complete response with any status.",
    "2": "Another status; or a look from another country.",
    "3": "The same page without the wall's mark: then its status and content would have counted.",
    "4": "Any other status.",
    "5": "A page that does more than demand a login, at the listing's own address.",
    "6": "Any status below 500.",
    "7": "A final URL that is not the platform's error page.",
    "8": "A final URL that still names the reported listing.",
    "9": "Any other status; or a page that offers the listing, shows only a captcha, or speaks of maintenance.",
    "10": "Other structured data for the same listing, or none: then the visible text would have counted.",
    "11": "The phrase missing, hidden, or in a seller's text; or another answer to whether a product is offered.",
    "12": "The phrase missing or outside the main text, with live evidence for the same listing.",
    "13": "No id of the listing on the page, no title, or neither price nor buy control.",
    "14": "The platform's own gone phrase in visible main text; or the same id, a title, and a price or buy control.",
}


def would_change(finding: Finding) -> str:
    """Return the sentence for the finding's step."""
    return _BY_STEP[finding.rule.partition(".")[0]]
