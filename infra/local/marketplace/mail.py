"""The designated agent's mailbox: what a notice says, as far as the shop reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

AGENT_ADDRESS = "copyright@bazaar.example"
AGENT_NAME = "Bazaar of Wonders designated agent"


@dataclass(frozen=True)
class ReceivedNotice:
    """One message that reached the shop."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    """Addresses in To and Cc, lower case."""
    subject: str
    message_id: str
    items: tuple[str, ...]
    """Items of this shop that the text names, each once, in the order of the text."""
    for_agent: bool
    """False: not addressed to the designated agent, so the shop did nothing about it."""
    raw: bytes
    """As it came, byte for byte."""


def read_notice(raw: bytes, *, base_url: str, known: frozenset[str], now: datetime) -> ReceivedNotice:
    """Parse a message and find the listings it names.

    Parameters
    ----------
    raw
        The MIME message as it was sent.
    base_url
        The shop's own address; a URL of any other host is not ours to act on.
    known
        Items the shop has. An unknown number is passed over, as a moderator would.
    now
        When it arrived.
    """
    message = message_from_bytes(raw, policy=policy.default)
    headers = [str(value) for name in ("To", "Cc") for value in message.get_all(name, [])]
    recipients = tuple(address.lower() for _, address in getaddresses(headers) if address)
    pattern = re.compile(re.escape(base_url) + r"/item/(\d+)(?![\w-])")
    named = dict.fromkeys(pattern.findall(_text(message)))
    return ReceivedNotice(
        at=now,
        sender=str(message.get("From", "")),
        recipients=recipients,
        subject=str(message.get("Subject", "")),
        message_id=str(message.get("Message-ID", "")).strip(),
        items=tuple(item for item in named if item in known),
        for_agent=AGENT_ADDRESS in recipients,
        raw=raw,
    )


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except LookupError:  # a charset that Python does not know; the URLs in it are ASCII anyway
        payload = body.get_payload(decode=True)
        return payload.decode("ascii", "replace") if isinstance(payload, bytes) else ""
