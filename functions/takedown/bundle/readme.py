"""Renders the case page, `data/README.html`: opens from disk, loads nothing from outside, runs nothing."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from takedown.bundle.case_page import CasePage
from takedown.bundle.visible import visible
from takedown.times import from_text


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template expression gives
    """Escape every value on its way out, and write hidden characters by their number: no template can forget it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escape(visible(value, keep="\n"))


def _moment(text: str) -> str:
    """Write an instant for a reader: ``23 Nov 2026, 20:00:00 UTC``."""
    instant = from_text(text)
    return f"{instant.day} {instant:%b %Y, %H:%M:%S} UTC"


def _words(name: str) -> str:
    """Write a closed word of ours for a reader: ``CAPTURE_SEALED`` becomes ``Capture sealed``."""
    return name.replace("_", " ").capitalize()


def _grouped(digest: str) -> Markup:
    """Let a digest break between groups of eight, without adding a character to what is copied."""
    return Markup("<wbr>").join(digest[start : start + 8] for start in range(0, len(digest), 8))


def render(page: CasePage) -> bytes:
    """Render the case page as UTF-8 HTML."""
    environment = Environment(
        loader=PackageLoader("takedown.bundle", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=_moment, words=_words, digest=_grouped)
    return environment.get_template("README.html").render(page=page, case=page.case).encode("utf-8")
