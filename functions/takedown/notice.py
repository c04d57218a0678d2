"""A notice: its exact text, the approval of that text, and its way out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from takedown import canonical
from takedown.actor import Actor
from takedown.case import Agent
from takedown.errors import ApprovalError, InputError
from takedown.model import Document, Email, Frozen, Id, Line, Sha256Hex, Timestamp
from takedown.states import NoticeState, Role


class NoticeText(Document):
    """What the recipient will read, and nothing else: the approval holds the digest of exactly this."""

    schema_: Literal["takedown.notice-text/1"] = Field("takedown.notice-text/1", alias="schema")
    sender: Email
    recipient: Email | None
    """Null where no agent is known yet: then it cannot be approved."""
    recipient_name: Line | None
    subject: Line
    body: str

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return canonical.sha256(canonical.dumps(self.model_dump(mode="json")))


class Approval(Frozen):
    """One approval, for one text, for one send."""

    approver: Actor
    digest: Sha256Hex
    approved_at: Timestamp
    expires_at: Timestamp
    confirmed: list[str]
    """The points of the regime's checklist that the approver confirmed."""


class Rejection(Frozen):
    """A person's decision against sending."""

    person: Actor
    reason: Line
    rejected_at: Timestamp


class SendOrder(Frozen):
    """A person's order to send: each approval is one, and so is each order to try again what failed."""

    by: Actor
    at: Timestamp


class Gap(Frozen):
    """A field that the law requires and that is missing; it blocks approval."""

    field: str
    requirement: str


class Notice(Document):
    """A notice as it is stored."""

    schema_: Literal["takedown.notice/1"] = Field("takedown.notice/1", alias="schema")
    tenant: Id
    case_id: Id
    notice_id: Id
    batch: int
    regime: str
    """Name and version of the regime file, as ``us-copyright-512c/1``."""
    platform: str
    agent: Agent | None
    listing_ids: list[Id]
    text: NoticeText
    gaps: list[Gap]
    warnings: list[str]
    checklist: list[str]
    """The points an approver has to confirm."""
    preparer: Actor
    """Who opened the case."""
    preparers: list[Actor] = Field(default_factory=list)
    """Everybody who had a hand in it: who opened the case, and who added one of its listings. None may approve it."""
    drafted_at: Timestamp
    state: NoticeState
    approval: Approval | None = None
    orders: list[SendOrder] = Field(default_factory=list)
    """Every order to send it. Their number names the execution that sends, so one order starts one."""
    rejection: Rejection | None = None
    task_token: str | None = None
    """Wakes the waiting state machine; never shown, never logged."""
    attempt_id: Id | None = None
    """The one attempt that may be under way."""
    sending_at: Timestamp | None = None
    sent_at: Timestamp | None = None
    message_id: str | None = None
    """The id that the mail service gave. Where it stands the notice has left, in whatever state it is found."""
    message_key: str | None = None
    message_version: str | None = None
    message_sha256: Sha256Hex | None = None
    """Of the message byte for byte as it was handed over."""
    failure: str | None = None
    """Why its last step failed, in one sentence."""
    watches: dict[Id, int] = Field(default_factory=dict)
    """Which watch of each listing starts because it left: found again, not counted again, by a repeated step."""
    version: int = 0


class ApprovalInput(Frozen):
    """The body of ``POST …/approval``."""

    digest: Sha256Hex
    confirmed: Annotated[list[str], Field(max_length=20)]


class RejectionInput(Frozen):
    """The body of ``POST …/rejection``."""

    reason: Line


def approve(notice: Notice, given: ApprovalInput, approver: Actor, *, now: str, expires_at: str) -> Approval:
    """Check an approval and return it. One that expired before the notice left may be given anew, by whoever may.

    Raises
    ------
    ApprovalError
        The approver had a hand in the notice, the text is another one, it has gaps, or an approval of it holds.
    InputError
        A point of the checklist is not confirmed.
    """
    _check_open(notice, now=now)
    _check_four_eyes(notice, approver)
    if given.digest != notice.text.digest:
        raise ApprovalError(
            f"the digest is not that of the notice's text ({notice.text.digest}): read it again and approve that"
        )
    if notice.gaps:
        missing = "; ".join(f"{gap.field} ({gap.requirement})" for gap in notice.gaps)
        raise ApprovalError(f"the notice lacks what the law requires: {missing}")
    if missing_points := [point for point in notice.checklist if point not in given.confirmed]:
        raise InputError("confirmed", f"not confirmed: {', '.join(missing_points)}.", "Confirm each point, or reject.")
    return Approval(
        approver=approver, digest=given.digest, approved_at=now, expires_at=expires_at, confirmed=given.confirmed
    )


def check_approval(notice: Notice, *, now: str) -> Approval:
    """Check, right before sending, that this text was approved by somebody else and that the approval still holds.

    Raises
    ------
    ApprovalError
        It was not, or it does not.
    """
    approval = notice.approval
    if approval is None:
        raise ApprovalError("the notice carries no approval")
    _check_four_eyes(notice, approval.approver)
    if approval.digest != notice.text.digest:
        raise ApprovalError("the text was changed after it was approved")
    if approval.expires_at <= now:
        raise ApprovalError(f"the approval expired at {approval.expires_at}; the notice has to be approved again")
    if notice.gaps:
        raise ApprovalError("the notice lacks what the law requires")
    return approval


def _check_open(notice: Notice, *, now: str) -> None:
    if notice.state is NoticeState.DRAFTED:
        return
    if notice.state is not NoticeState.READY or notice.approval is None:
        raise ApprovalError(f"the notice is {notice.state}; only a drafted notice can be approved")
    if notice.approval.expires_at > now:
        raise ApprovalError(
            f"the notice is {notice.state}: {notice.approval.approver.person} approved it,"
            f" and that holds until {notice.approval.expires_at}"
        )


def _check_four_eyes(notice: Notice, approver: Actor) -> None:
    if approver.role not in {Role.APPROVER, Role.ADMIN}:
        raise ApprovalError(f"{approver.person} acts as {approver.role}; only an approver may approve")
    person = approver.person.casefold()
    if person == notice.preparer.person.casefold():
        raise ApprovalError(f"{approver.person} prepared the notice; another person has to approve it")
    if person in {item.person.casefold() for item in notice.preparers}:
        raise ApprovalError(f"{approver.person} added a listing to the notice; another person has to approve it")
