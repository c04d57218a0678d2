"""Where mail ends up locally: files in a folder, a page to look at them, and whoever wants to receive them."""

from __future__ import annotations

import email.policy
import html
import logging
import re
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from infra.local.loopback import Handler, Server

logger = logging.getLogger(__name__)

PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # What a mail holds came from strangers' pages: nothing of it may run or load here.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
STYLE = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}"  # noqa: E501


class Outbox(Server):
    """Takes every mail that the local SES accepted.

    Parameters
    ----------
    folder
        Gets one file ``NNNN-<message-id>.eml`` for each mail.
    on_mail
        Given the bytes of each mail, as its recipient would get them.
    port
        Of the page; 0 picks a free one.
    """

    def __init__(self, folder: Path, on_mail: Callable[[bytes], None] | None = None, port: int = 0) -> None:
        super().__init__(OutboxHandler, port)
        self.folder = folder
        self._on_mail = on_mail
        self._lock = threading.Lock()
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def accept(self, message_id: str, mail: bytes) -> None:
        """Keep one mail and hand it on."""
        with self._lock:
            self._count += 1
            name = f"{self._count:04d}-{re.sub(r'[^A-Za-z0-9.-]', '_', message_id)}.eml"
        (self.folder / name).write_bytes(mail)
        if self._on_mail is None:
            return
        try:
            self._on_mail(mail)
        except Exception:
            # SES has accepted it: what its recipient makes of it must not look like a failure to send.
            logger.exception("the recipient of %s failed", name)

    def mails(self) -> list[Path]:
        """Return the kept mails, in the order in which they were sent."""
        return sorted(self.folder.glob("*.eml"))


class OutboxHandler(Handler):
    """Shows the outbox; everything in it as text."""

    server: Outbox

    def respond(self) -> None:
        """Show the list, or one mail."""
        mails = self.server.mails()
        if self.path == "/":
            self.answer(200, list_page(mails).encode(), PAGE_HEADERS)
            return
        chosen = [mail for mail in mails if self.path == f"/{mail.name}"]
        if chosen:
            self.answer(200, mail_page(chosen[0]).encode(), PAGE_HEADERS)
        else:
            self.answer(404, page("No such mail", "").encode(), PAGE_HEADERS)


def page(title: str, body: str) -> str:
    """Return an HTML page; `title` is escaped, `body` is markup already."""
    safe = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{safe}</title>'
        f"<style>{STYLE}</style><h1>{safe}</h1>{body}</html>"
    )


def list_page(mails: list[Path]) -> str:
    """Return the page that lists all mails."""
    rows = []
    for path in mails:
        mail = read(path)
        rows.append(
            f'<li><a href="/{html.escape(path.name)}">{html.escape(str(mail["Subject"] or "(no subject)"))}</a>'
            f" to {html.escape(str(mail['To'] or '(nobody)'))}</li>"
        )
    body = f"<ol>{''.join(rows)}</ol>" if rows else "<p>Nothing was sent yet.</p>"
    return page("Outbox", f"<p>Accepted by the local SES. Nothing leaves this machine.</p>{body}")


def mail_page(path: Path) -> str:
    """Return the page that shows one mail: its headers, its text parts, the names of its attachments."""
    mail = read(path)
    parts = ["<pre>" + html.escape("\n".join(f"{name}: {value}" for name, value in mail.items())) + "</pre>"]
    for part in mail.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if kind.startswith("text/") and not part.get_filename():
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)
            parts.append(f"<h2>{html.escape(kind)}</h2><pre>{html.escape(text)}</pre>")
        else:
            parts.append(f"<p>Attachment: {html.escape(part.get_filename() or kind)}</p>")
    return page(str(mail["Subject"] or path.name), "".join(parts) + '<p><a href="/">Back</a></p>')


def read(path: Path) -> EmailMessage:
    """Parse a kept mail."""
    return BytesParser(_class=EmailMessage, policy=email.policy.default).parsebytes(path.read_bytes())
