"""`README.html`: a convenience for readers. It is as it was exported, and no evidence; it runs and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from takedown.errors import IntegrityError
from takedown.verify.contents import Contents

PAGE = "data/README.html"

HEAD = (
    b'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    b"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' file: data:; "
    b"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
)
"""How the page begins. A browser holds everything after it to this policy, whatever our parser makes of it."""

_ACTIVE = frozenset({"applet", "base", "embed", "form", "frame", "iframe", "link", "math", "object", "script", "svg"})
_REFERENCES = frozenset({"action", "background", "data", "formaction", "href", "poster", "src", "srcset", "xlink:href"})


class _Page(HTMLParser):
    """Says what a page must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one element."""
        given = {name: (value or "").strip() for name, value in attrs}
        if tag in _ACTIVE:
            self.problems.append(f"a <{tag}>")
        if tag == "meta" and given.get("http-equiv", "").lower() not in {"", "content-security-policy"}:
            self.problems.append(f"a <meta http-equiv={given['http-equiv']}>")
        for name, value in given.items():
            if name.startswith("on"):
                self.problems.append(f"the handler {name}")
            if name in _REFERENCES and (":" in value or value.startswith(("/", "\\"))):
                self.problems.append(f"a link that leads out of the bundle, {value[:80]}")


def check_page(contents: Contents, withheld: Mapping[str, str]) -> None:
    """Check that nothing in the page runs or comes from outside. What it shows is not compared with the record."""
    if PAGE not in contents.facts and PAGE in withheld:
        return
    with contents.findings.check("readme", PAGE, "as exported; not evidence"):
        data = contents.read(PAGE)
        if not data.startswith(HEAD):
            raise IntegrityError("does not begin with the policy that keeps a browser from running or loading anything")
        page = _Page()
        try:
            page.feed(data.decode("utf-8", "replace"))
            page.close()
        except (ValueError, AssertionError, RecursionError) as error:
            raise IntegrityError(f"not a page: {error}") from error
        if page.problems:
            raise IntegrityError(f"holds {page.problems[0]}")
