"""Each notice that was sent: the message, the text it carries, and the approval of that text by somebody else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from email import message_from_bytes, policy
from email.errors import MessageError
from email.headerregistry import AddressHeader
from email.message import EmailMessage

from takedown.bundle.documents import Delivery, ExportedCase, ExportedNotice
from takedown.errors import IntegrityError
from takedown.notice import NoticeText
from takedown.states import Role
from takedown.verify.captures import SealedHere
from takedown.verify.contents import Contents
from takedown.verify.told import Told

NOTICES = "data/notices"

_HEADERS = frozenset(
    {
        "content-transfer-encoding",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
        "x-takedown-notice",
    }
)
"""What our messages carry. Another header could name further readers, or say something that nobody approved."""

_UNREADABLE = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What `email` raises on hostile headers, found by fuzzing; only the first two are told in its documentation."""


def check_notices(
    contents: Contents,
    case: ExportedCase | None,
    captures: Mapping[str, SealedHere],
    told: Told,
    withheld: Mapping[str, str],
) -> Mapping[str, ExportedNotice]:
    """Check every notice; returns those that can be read, by their ids."""
    records = [here.record for here in captures.values() if here.record and here.record.purpose == "infringement"]
    findings = contents.findings
    folders = contents.below(NOTICES)
    notices: dict[str, ExportedNotice] = {}
    for key in sorted(told.sent.keys() | folders.keys()):
        with findings.check("custody-notices", key):
            _on_record(contents, key, set(folders.get(key, ())), told, withheld)
        if key not in told.sent or "notice.json" not in folders.get(key, ()):
            continue
        with findings.check("notice-approval", key):
            notices[key] = contents.document(f"{NOTICES}/{key}/notice.json", ExportedNotice)
            added = {item.requested_by.person for item in records if item.listing_id in notices[key].listing_ids}
            opened = {case.opened_by.person} if case else set()
            _approved(notices[key], told, added | opened | told.openers)
        if key in notices and "sent.eml" in folders[key]:
            with findings.check("notice-message", key):
                check_message(contents.read(f"{NOTICES}/{key}/sent.eml"), notices[key].text)
    return notices


def _on_record(contents: Contents, key: str, files: set[str], told: Told, withheld: Mapping[str, str]) -> None:
    if key not in told.sent:
        raise IntegrityError("a notice that the custody record does not tell of")
    on_record = told.sent[key].sha256
    path = f"{NOTICES}/{key}/sent.eml"
    if path not in contents.facts and withheld.get(path) == on_record:
        return
    if contents.require(path).sha256 != on_record:
        raise IntegrityError("sent.eml is not the message that the custody record tells of")
    notice = contents.document(f"{NOTICES}/{key}/notice.json", ExportedNotice)
    if (notice.notice_id, notice.message_sha256) != (key, on_record):
        raise IntegrityError("notice.json tells of another message")
    if extra := files - {"sent.eml", "notice.json", "delivery.json"}:
        raise IntegrityError(f"{min(extra)} is not part of a notice")
    if "delivery.json" in files:
        contents.document(f"{NOTICES}/{key}/delivery.json", Delivery)


def _approved(notice: ExportedNotice, told: Told, preparers: Collection[str]) -> None:
    """Look for the approval of exactly this text, by another person than those who opened the case or added to it."""
    sent, digest = told.sent[notice.notice_id], notice.text.digest
    if sent.facts.get("text", digest) != digest:
        raise IntegrityError("notice.json holds another text than the one that the custody record says was sent")
    given = [item for item in told.approved.get(notice.notice_id, ()) if item.seq < sent.seq]
    if not given:
        raise IntegrityError("sent, but no approval stands on the custody record before that")
    approval = given[-1]
    if approval.sha256 != digest:
        raise IntegrityError("another text was approved than the one that was sent")
    if approval.person.casefold() in {person.casefold() for person in preparers}:
        raise IntegrityError(f"approved by {approval.person}, who prepared it")
    if approval.role not in {Role.APPROVER, Role.ADMIN}:
        raise IntegrityError(f"approved by {approval.person} as {approval.role}, who may not approve")
    if sent.facts.get("approver", approval.person) != approval.person:
        raise IntegrityError("sent on the approval of another person than the one on the custody record")


def check_message(data: bytes, text: NoticeText) -> None:
    """Compare a message with the text that was approved.

    Raises
    ------
    IntegrityError
        It says something else, to somebody else, or more.
    """
    try:
        message = message_from_bytes(data, policy=policy.default)
        said = _said(message) if isinstance(message, EmailMessage) else {}
    except _UNREADABLE as error:
        raise IntegrityError(f"sent.eml cannot be read: {type(error).__name__}") from error
    wanted = {
        "sender": [("", text.sender)],
        "recipient": [(text.recipient_name or "", text.recipient)],
        "subject": text.subject,
        "body": _lines(text.body),
    }
    for part, want in wanted.items():
        if said.get(part) != want:
            raise IntegrityError(f"the {part} of sent.eml is not that of the text that was approved")


def _said(message: EmailMessage) -> dict[str, object]:
    names = [name.lower() for name in message.keys()]  # noqa: SIM118 - a message lists each of its headers
    if len(names) != len(set(names)) or not set(names) <= _HEADERS:
        raise IntegrityError("sent.eml has a header twice, or one that our messages do not carry")
    if message.get_content_type() != "text/plain" or message.is_multipart() or message.defects:
        raise IntegrityError("sent.eml is not one plain text")
    return {
        "sender": _addresses(message["From"]),
        "recipient": _addresses(message["To"]),
        "subject": str(message["Subject"]),
        "body": _lines(message.get_content()),
    }


def _addresses(header: object) -> list[tuple[str, str]]:
    if not isinstance(header, AddressHeader):
        return []
    return [(address.display_name, address.addr_spec) for address in header.addresses]


def _lines(text: str) -> list[str]:
    """Line ends are for the mail's way, and so are empty lines at its end."""
    lines = re.split(r"\r\n|\r|\n", text)
    while lines and not lines[-1]:
        lines.pop()
    return lines
