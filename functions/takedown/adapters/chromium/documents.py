"""The main frame's documents: every response on the way to the page, and the body of the one that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from takedown.adapters.chromium.outcome import NO_CONTENT, MediaKind, media_kind
from takedown.adapters.chromium.wire import Chain
from takedown.capture import Exchange

Headers = list[tuple[str, str]]

REDIRECTS = range(300, 400)

# The Encoding standard's names where Python's codec of that name is narrower.
_PYTHON_NAMES = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs"}


@dataclass
class Response:
    """One response as interception saw it."""

    url: str
    status: int
    status_text: str
    headers: Headers
    """Without Set-Cookie; the network's own account, where it comes, has all."""

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def redirects(self) -> bool:
        """Whether the browser follows it elsewhere."""
        return self.status in REDIRECTS and self.header("location") is not None


@dataclass
class Document:
    """One navigation of the main frame, its redirects included."""

    network_id: str
    """Chromium's request id; for a navigation it is the loader's, too."""
    responses: list[Response] = field(default_factory=list)
    mime_type: str | None = None
    """As sniffed by the browser."""
    charset: str = ""
    """As the browser reads it."""
    length: int = 0
    """Bytes of the body after decoding, as the network counted them."""
    head: bytes = b""
    """What had come of the body when streaming began."""
    tail: bytearray = field(default_factory=bytearray)
    finished: bool = False
    failure: str | None = None
    """``ERR_…``, where the body did not come to its end."""
    shown: bool = False
    """Whether the browser put this document into the frame (and not its own error page)."""
    taken: bool = False
    """Whether the body was taken from the network instead of being shown."""
    missing: str | None = None
    """Why a finished body could not be had."""

    @property
    def final(self) -> Response | None:
        """The response behind the redirects, where one came."""
        last = self.responses[-1] if self.responses else None
        return None if last is None or last.redirects else last

    @property
    def broken(self) -> bool:
        """Whether the body broke off."""
        return self.failure is not None

    @property
    def body(self) -> bytes:
        """The body as the browser decoded it, as far as it came."""
        return self.head + bytes(self.tail)

    def encode(self, text: str) -> bytes | None:
        """Turn a body that the browser gave as text back into its bytes; None where that cannot be done for certain.

        Malformed bytes and byte order marks are lost in text; then the length differs from the network's count.
        """
        for encoding in (_PYTHON_NAMES.get(self.charset.lower(), self.charset), "utf-8", "latin-1"):
            try:
                data = text.encode(encoding)
            except (LookupError, UnicodeError):
                continue
            if len(data) == self.length:
                return data
        return None

    @property
    def bodyless(self) -> bool:
        """Whether the response is one that has no body."""
        last = self.final
        return last is not None and (last.status in NO_CONTENT or last.header("content-length") == "0")

    @property
    def whole(self) -> bool:
        """Whether all of the body is there."""
        if self.final is None or self.missing is not None:
            return False
        return self.bodyless or (self.finished and not self.broken)

    @property
    def media_kind(self) -> MediaKind:
        """What kind of document it is; a response that says nothing is what the browser took it for."""
        last = self.final
        declared = media_kind(last.header("content-type"), last.header("content-disposition")) if last else None
        sniffed = media_kind(self.mime_type)
        return (sniffed if self.shown else None) or declared or sniffed or "html"


class Documents:
    """All navigations of the main frame, in order."""

    def __init__(self) -> None:
        self._all: dict[str, Document] = {}
        self._accounts: dict[str, list[tuple[int, Headers]]] = {}
        self._current: str | None = None
        self._pinned = False
        self.moved_on = False
        """Whether the frame went on to another document after one was pinned."""

    def get(self, network_id: str) -> Document | None:
        """Return a navigation of the main frame, or None where the id is another request's."""
        return self._all.get(network_id)

    def begin(self, network_id: str) -> Document:
        """Return the navigation, new or known."""
        return self._all.setdefault(network_id, Document(network_id))

    def account(self, network_id: str, event: Mapping[str, Any]) -> None:
        """Keep the network's own account of one response (`Network.responseReceivedExtraInfo`)."""
        self._accounts.setdefault(network_id, []).append((event["statusCode"], read_headers(event)))

    def commit(self, network_id: str, *, shown: bool) -> None:
        """Note which document the frame holds now."""
        document = self._all.get(network_id)
        if self._pinned:
            self.moved_on |= network_id != self._current
        elif document is not None:
            document.shown = shown
            self._current = network_id

    def pin(self) -> None:
        """Keep to the document that the frame holds now: it is the one in the pictures."""
        self._pinned = True

    def is_pinned(self, loader: str) -> bool:
        """Whether this is the document of the pictures, or there are no pictures yet."""
        return not self._pinned or loader == self._current

    def rewritten(self, address: str, loader: str) -> bool:
        """Whether a frame's address is not the one that the server answered for; fragments never reach a server."""
        final = self.current.final if self.current and loader == self._current else None
        return final is not None and address.partition("#")[0] != final.url.partition("#")[0]

    @property
    def current(self) -> Document | None:
        """The document that the frame holds; before that, the latest one on its way."""
        if self._current is not None:
            return self._all[self._current]
        return next(reversed(self._all.values()), None)

    def chain(self, *, stored: bool) -> Chain:
        """Tell every response up to the current document.

        Parameters
        ----------
        stored
            Whether the current document's body is a file of the capture.
        """
        current = self.current
        redirects: list[Exchange] = []
        main: Exchange | None = None
        for document in self._all.values():
            exchanges = self._exchanges(document)
            if document is current and document.final is not None:
                main = exchanges.pop()
            redirects += exchanges
            if document is current:
                break
        if main is not None and current is not None:
            body = "stored" if stored else "none" if current.bodyless else "not obtained"
            main = main.model_copy(update={"body": body})
        whole = current is not None and current.whole and (stored or current.bodyless)
        # What the server answered for. The frame's own address is the page's to choose (`history.replaceState`).
        return Chain(redirects=redirects, main=main, body_whole=whole, final_url=main.url if main else None)

    def _exchanges(self, document: Document) -> list[Exchange]:
        accounts = self._accounts.get(document.network_id, [])
        found = []
        for number, response in enumerate(document.responses):
            headers = response.headers
            if number < len(accounts) and accounts[number][0] == response.status:
                headers = accounts[number][1]
            found.append(
                Exchange(
                    url=response.url,
                    status=response.status,
                    status_text=response.status_text,
                    headers=headers,
                    body="redirect: no body" if response.redirects else "not obtained",
                )
            )
        return found


def read_headers(event: Mapping[str, Any]) -> Headers:
    """Read the headers of a response as they came, where HTTP/1 gives the text; else as a table, repetitions apart."""
    text = event.get("headersText")
    if text:
        lines = text.split("\r\n")[1:]
        return [(name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    return [(name, value) for name, values in event["headers"].items() for value in values.split("\n")]
