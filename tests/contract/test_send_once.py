"""Sending: whatever fails wherever, a notice never leaves twice, and what is not known is said."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.ses.models import ses_backends

from send_notice.send import send_notice
from takedown.adapters.mailbox import Mailbox
from takedown.errors import ApprovalError, ConflictError, RetryableError, SendUnknownError, TransitionError
from takedown.listing import Listing
from takedown.notice import Notice
from takedown.states import CustodyAction, ListingState, NoticeState
from tests.contract.conftest import Aws
from tests.support.values import NOW, approved_notice, case, listing

attempts = count()


class KilledError(BaseException):
    """The worker dies here; no handler of the code under test sees it."""


def prepare(aws: Aws, notice: Notice | None = None) -> None:
    items = [listing(name, state=ListingState.NOTICE_DRAFTED, notice_id="n1") for name in ("l1", "l2")]
    documents = [case(), notice or approved_notice("n1", "l1", "l2"), *items]
    aws.cases.commit([aws.cases.create(document) for document in documents])


def send(aws: Aws, mailbox: Mailbox | None = None) -> Notice:
    return send_notice(
        "default",
        "c",
        "n1",
        attempt_id=f"a{next(attempts)}",
        cases=aws.cases,
        custody=aws.custody,
        store=aws.store,
        mailbox=mailbox or aws.mailbox,
        now=NOW,
    )


def mails() -> int:
    return len(ses_backends["123456789012"]["us-east-1"].sent_messages)


def state(aws: Aws) -> NoticeState:
    return aws.cases.get(Notice, "default", "c", "n1").state


class Interrupted:
    """A mailbox whose call ends in some way before or after SES has taken the message."""

    def __init__(
        self, inner: Mailbox, *, before: BaseException | None = None, after: BaseException | None = None
    ) -> None:
        self.inner, self.before, self.after = inner, before, after

    def send(self, message: bytes, *, sender: str, recipient: str, tag: str) -> str:
        if self.before:
            raise self.before
        answer = self.inner.send(message, sender=sender, recipient=recipient, tag=tag)
        if self.after:
            raise self.after
        return answer


def test_it_leaves_once_and_everything_about_it_is_on_record(aws: Aws) -> None:
    prepare(aws)
    sent = send(aws)
    assert sent.state is NoticeState.SENT
    assert mails() == 1
    (event,) = aws.custody.events("default", "c")
    assert event.action is CustodyAction.NOTICE_SENT
    (version,) = aws.store.versions(str(sent.message_key))
    assert event.sha256 == sent.message_sha256
    assert b"Subject: s" in aws.store.read(version)
    assert {item.state for item in aws.cases.all(Listing, "default", "c")} == {ListingState.NOTICE_SENT}


def test_sent_again_it_is_found_sent(aws: Aws) -> None:
    prepare(aws)
    assert send(aws) == send(aws)
    assert mails() == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_worker_leaves_a_question_and_never_a_second_mail(aws: Aws, when: str) -> None:
    prepare(aws)
    with pytest.raises(KilledError):
        send(aws, Interrupted(aws.mailbox, **{when: KilledError()}))  # type: ignore[arg-type]
    assert state(aws) is NoticeState.SENDING
    for _ in range(3):
        with pytest.raises(SendUnknownError, match="an earlier attempt may have sent it"):
            send(aws)
    assert state(aws) is NoticeState.SEND_UNKNOWN
    assert mails() == (1 if when == "after" else 0)
    actions = [event.action for event in aws.custody.events("default", "c")]
    assert actions == [CustodyAction.NOTICE_SEND_UNKNOWN]


def test_a_lost_reply_is_not_known_and_not_tried_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    original: Callable[..., object] = aws.mailbox._ses.send_email  # noqa: SLF001 - the seam where replies get lost

    def lose(**arguments: object) -> object:
        original(**arguments)
        raise ReadTimeoutError(endpoint_url="https://email")

    monkeypatch.setattr(aws.mailbox._ses, "send_email", lose)  # noqa: SLF001
    with pytest.raises(SendUnknownError, match="no usable answer"):
        send(aws)
    assert state(aws) is NoticeState.SEND_UNKNOWN
    with pytest.raises(SendUnknownError):
        send(aws)
    assert mails() == 1


def test_a_definite_refusal_makes_it_ready_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    refusal = ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "SendEmail")

    def refuse(**_: object) -> object:
        raise refusal

    with monkeypatch.context() as patched:
        patched.setattr(aws.mailbox._ses, "send_email", refuse)  # noqa: SLF001
        with pytest.raises(RetryableError, match="TooManyRequests"):
            send(aws)
    assert state(aws) is NoticeState.READY
    assert send(aws).state is NoticeState.SENT
    assert mails() == 1


def test_the_same_listing_is_not_complained_of_under_a_second_notice(aws: Aws) -> None:
    prepare(aws)
    send(aws)
    aws.cases.commit([aws.cases.create(approved_notice("n2", "l2"))])
    with pytest.raises(ConflictError):
        send_notice(
            "default",
            "c",
            "n2",
            attempt_id="second",
            cases=aws.cases,
            custody=aws.custody,
            store=aws.store,
            mailbox=aws.mailbox,
            now=NOW,
        )
    assert mails() == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"state": NoticeState.DRAFTED, "approval": None}, ApprovalError),
        ({"approval": None}, ApprovalError),
        ({"state": NoticeState.DRAFTED}, TransitionError),
        ({"state": NoticeState.REJECTED}, TransitionError),
        ({"text": approved_notice("n1").text.model_copy(update={"body": "another"})}, ApprovalError),
    ],
)
def test_what_nobody_approved_never_leaves(aws: Aws, change: dict[str, object], error: type[Exception]) -> None:
    prepare(aws, approved_notice("n1", "l1", "l2").model_copy(update=change))
    with pytest.raises(error):
        send(aws)
    assert mails() == 0
