"""The message of a notice: built from the approved text and from nothing else."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from takedown import times
from takedown.errors import ApprovalError
from takedown.notice import NoticeText


def compose(text: NoticeText, *, notice_id: str, attempt_id: str, now: str) -> bytes:
    """Write the MIME message (RFC 5322, UTF-8, CRLF).

    Headers are made of parsed addresses, never of joined strings, so no value can become a second recipient or a
    header of its own (`EmailMessage` refuses CR, LF, VT, NEL and LS in values).

    Raises
    ------
    ApprovalError
        The text has no recipient, or the message would have another number of recipients than one.
    """
    if text.recipient is None:
        raise ApprovalError("the notice has no recipient")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=text.sender)
    message["To"] = Address(display_name=text.recipient_name or "", addr_spec=text.recipient)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(times.from_text(now))
    message["Message-ID"] = f"<{notice_id}.{attempt_id}@{text.sender.partition('@')[2]}>"
    message["X-Takedown-Notice"] = notice_id
    message.set_content(text.body, charset="utf-8", cte="quoted-printable")
    if len(message["To"].addresses) != 1:
        raise ApprovalError("the message would have more than one recipient")
    return message.as_bytes()
