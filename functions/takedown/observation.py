"""What one look at a page saw. No opinion in here: `takedown.judging` makes a verdict of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import field_validator

from takedown.model import Frozen


class Observation(Frozen):
    """One main response.

    Examples
    --------
    >>> seen = Observation(url="https://shop.test/p/1", status=404, headers={"Content-Type": "text/html"})
    >>> seen.header("content-type"), seen.landed
    ('text/html', 'https://shop.test/p/1')
    """

    url: str
    """As reported, or as it is visited: what the look was meant to see."""
    final_url: str | None = None
    """Where the main frame ended; None where nothing redirected."""
    status: int
    """HTTP status of the main response; 0 where there was none (DNS, connection, TLS)."""
    headers: tuple[tuple[str, str], ...] = ()
    """Duplicates kept. May be given as a mapping, whose values may be lists."""
    body: bytes | str = b""
    """As received after content decoding; text where someone else has decoded it (a saved page, a rendered DOM)."""
    media_type: str | None = None
    """Used where the headers name none."""
    platform: str | None = None
    """Name of the platform file; derived from `url` where it is None."""
    complete: bool = True
    """False where the main response broke off or was cut: such a page proves nothing."""

    @field_validator("headers", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:  # noqa: ANN401 - pydantic judges what comes out
        if isinstance(value, Mapping):
            return tuple(
                (str(name), str(item))
                for name, items in value.items()
                for item in (items if isinstance(items, Sequence) and not isinstance(items, str) else (items,))
            )
        return value

    @property
    def landed(self) -> str:
        """The final URL, or the asked one where nothing redirected."""
        return self.final_url or self.url

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any spelling."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)
