"""Sending: whatever fails wherever, a notice never leaves twice, and what is not known is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.ses.models import ses_backends

from draft_notices.draft import MOST_LISTINGS
from record_failure.record import Failure, record
from send_notice.send import send_notice, watches_of
from takedown.adapters.case_table import Write
from takedown.adapters.mailbox import Mailbox
from takedown.approving import reject_notice
from takedown.case import Right
from takedown.errors import (
    ApprovalError,
    ConflictError,
    NotAcceptedError,
    RetryableError,
    SendUnknownError,
    TransitionError,
)
from takedown.listing import Listing
from takedown.notice import Notice, RejectionInput
from takedown.sending import claim_key
from takedown.states import CustodyAction, ListingState, NoticeState
from takedown.watch import load_policy
from tests.contract.conftest import Aws
from tests.support.values import AMIR, NOW, approved_notice, case, listing

MINUTE_LATER = "2026-11-23T20:01:00.000Z"
attempts = count()


class KilledError(BaseException):
    """The worker dies here; no handler of the code under test sees it."""


def prepare(aws: Aws, notice: Notice | None = None) -> None:
    items = [listing(name, state=ListingState.NOTICE_DRAFTED, notice_id="n1") for name in ("l1", "l2")]
    documents = [case(), notice or approved_notice("n1", "l1", "l2"), *items]
    aws.cases.commit([aws.cases.create(document) for document in documents])


def send(
    aws: Aws,
    mailbox: Mailbox | None = None,
    *,
    now: str = NOW,
    notice_id: str = "n1",
    case_id: str = "c",
    heard: list[str] | None = None,
) -> Notice:
    return send_notice(
        "default",
        case_id,
        notice_id,
        attempt_id=f"a{next(attempts)}",
        cases=aws.cases,
        custody=aws.custody,
        store=aws.store,
        mailbox=mailbox or aws.mailbox,
        now=now,
        on_accepted=(heard if heard is not None else []).append,
    )


def mails() -> int:
    return len(ses_backends["123456789012"]["us-east-1"].sent_messages)


def stored(aws: Aws, notice_id: str = "n1", case_id: str = "c") -> Notice:
    return aws.cases.get(Notice, "default", case_id, notice_id)


def state(aws: Aws) -> NoticeState:
    return stored(aws).state


class Interrupted(Mailbox):
    """A mailbox during whose call something happens, before or after SES has taken the message."""

    def __init__(
        self, inner: Mailbox, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
    ) -> None:
        self.inner, self.before, self.after = inner, before, after

    def send(self, message: bytes, *, sender: str, recipient: str, tag: str) -> str:
        if self.before:
            self.before()
        answer = self.inner.send(message, sender=sender, recipient=recipient, tag=tag)
        if self.after:
            self.after()
        return answer


def raising(error: BaseException) -> Callable[[], None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def refusing(aws: Aws) -> Mailbox:
    return Interrupted(aws.mailbox, before=raising(NotAcceptedError("SES refused the message: TooManyRequests")))


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
        send(aws, Interrupted(aws.mailbox, **{when: raising(KilledError())}))
    assert state(aws) is NoticeState.SENDING
    for _ in range(3):
        with pytest.raises(SendUnknownError, match="an earlier attempt may have sent it"):
            send(aws, now=MINUTE_LATER)
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
    for now in (NOW, MINUTE_LATER):
        with pytest.raises(SendUnknownError):
            send(aws, now=now)
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
    with pytest.raises(ConflictError, match="listing l2 is already complained of, for the same right, under notice n1"):
        send(aws, notice_id="n2")
    assert mails() == 1


@pytest.mark.parametrize(
    ("right", "same"),
    [
        ({"title": "the  NIGHT kite", "description": "The illustration of 2019, in full."}, True),
        ({"title": "The Night Kite", "work_url": "https://lantern.example/kite"}, True),
        ({"title": "Another work"}, False),
        ({"title": "The Night Kite", "kind": "design"}, False),
        ({"title": "The Night Kite", "registration": "VA 1-234-567"}, False),
    ],
)
def test_the_same_right_in_other_words_is_the_same_right(aws: Aws, right: dict[str, str], *, same: bool) -> None:
    prepare(aws)
    send(aws)
    other = case(case_id="d", right={"kind": "copyright", **right})
    items = [listing("l1", case_id="d", state=ListingState.NOTICE_DRAFTED, notice_id="n2")]
    second = approved_notice("n2", "l1").model_copy(update={"case_id": "d"})
    aws.cases.commit([aws.cases.create(document) for document in (other, second, *items)])
    if same:
        with pytest.raises(ConflictError, match="under notice n1"):
            send(aws, notice_id="n2", case_id="d")
    else:
        assert send(aws, notice_id="n2", case_id="d").state is NoticeState.SENT


def test_one_registration_in_two_titles_is_one_right() -> None:
    item = listing("l1")
    first = Right.model_validate({"kind": "copyright", "title": "Kite", "registration": "VA 1-234"})
    again = Right.model_validate({"kind": "copyright", "title": "The Kite", "registration": "va  1-234"})
    foreign = Right.model_validate({**first.model_dump(), "jurisdiction": "DE"})
    assert claim_key(item, first) == claim_key(item, again) != claim_key(item, foreign)


def test_a_listing_changed_in_the_meantime_costs_no_knowledge(aws: Aws) -> None:
    prepare(aws)

    def change() -> None:
        item = aws.cases.get(Listing, "default", "c", "l1")
        aws.cases.commit([aws.cases.change(item, failure="x")[1]])

    sent = send(aws, Interrupted(aws.mailbox, after=change))
    assert sent.state is NoticeState.SENT
    assert sent.message_id


def test_a_listing_changed_while_the_sending_is_recorded_costs_no_knowledge(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(aws)
    original = aws.custody.append

    def overtaken(*arguments: Any, **more: Any) -> object:  # noqa: ANN401 - whatever it is called with
        monkeypatch.setattr(aws.custody, "append", original)
        item = aws.cases.get(Listing, "default", "c", "l1")
        aws.cases.commit([aws.cases.change(item, failure="x")[1]])
        return original(*arguments, **more)

    monkeypatch.setattr(aws.custody, "append", overtaken)
    assert send(aws).state is NoticeState.SENT
    assert mails() == 1


def test_another_worker_waits_while_an_attempt_may_still_report(aws: Aws) -> None:
    prepare(aws)
    waited = []

    def second() -> None:
        with pytest.raises(RetryableError, match="another worker is sending it") as caught:
            send(aws)
        waited.append(caught.value)

    assert send(aws, Interrupted(aws.mailbox, before=second)).state is NoticeState.SENT
    assert waited
    assert mails() == 1


def test_what_was_called_unknown_too_early_becomes_sent_with_its_id(aws: Aws) -> None:
    prepare(aws)

    def give_up() -> None:
        with pytest.raises(SendUnknownError):
            send(aws, now=MINUTE_LATER)
        assert state(aws) is NoticeState.SEND_UNKNOWN

    heard: list[str] = []
    sent = send(aws, Interrupted(aws.mailbox, before=give_up), heard=heard)
    assert sent.state is NoticeState.SENT
    assert [sent.message_id] == heard
    actions = [event.action for event in aws.custody.events("default", "c")]
    assert actions == [CustodyAction.NOTICE_SEND_UNKNOWN, CustodyAction.NOTICE_SENT]


def test_a_busy_record_is_completed_later_and_nothing_is_sent_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    heard: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(aws.custody, "append", raising(RetryableError("custody chain of case c was busy 40 times")))
        with pytest.raises(RetryableError, match=r"left as .*the record is not complete yet"):
            send(aws, heard=heard)
    assert (state(aws), stored(aws).message_id) == (NoticeState.SENDING, heard[0])
    assert send(aws).state is NoticeState.SENT
    assert stored(aws).message_id == heard[0]
    assert mails() == 1


def test_a_mail_whose_id_cannot_be_stored_at_all_is_never_retried(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    heard: list[str] = []

    with monkeypatch.context() as patched:

        def nothing_can_be_written() -> None:
            patched.setattr(aws.cases, "commit", raising(RetryableError("busy")))
            patched.setattr(aws.custody, "append", raising(RetryableError("busy")))

        with pytest.raises(SendUnknownError, match="which could not be recorded"):
            send(aws, Interrupted(aws.mailbox, after=nothing_can_be_written), heard=heard)
    assert len(heard) == mails() == 1
    assert state(aws) is NoticeState.SENDING
    with pytest.raises(SendUnknownError):
        send(aws, now=MINUTE_LATER)
    assert mails() == 1


def test_a_worker_killed_after_noting_the_id_leaves_no_question(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    with monkeypatch.context() as patched:
        patched.setattr(aws.custody, "append", raising(KilledError()))
        with pytest.raises(KilledError):
            send(aws)
    failure = Failure.model_validate(
        {"tenant": "default", "case_id": "c", "step": "notice", "notice_id": "n1", "error": {"Error": "States.Timeout"}}
    )
    record(failure, cases=aws.cases, custody=aws.custody, policy=load_policy("standard"), now=NOW)
    assert state(aws) is NoticeState.SENT
    assert mails() == 1


def test_whoever_loses_the_race_to_send_waits(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)
    original = aws.cases.commit

    def overtaken(writes: Sequence[Write]) -> None:
        monkeypatch.setattr(aws.cases, "commit", original)
        send(aws)
        original(writes)

    monkeypatch.setattr(aws.cases, "commit", overtaken)
    with pytest.raises(RetryableError, match="another worker took it up"):
        send(aws)
    assert state(aws) is NoticeState.SENT
    assert mails() == 1


def test_found_sent_it_names_the_same_watches(aws: Aws) -> None:
    prepare(aws)
    first = watches_of(send(aws))
    assert first == [{"listing_id": "l1", "watch": 1}, {"listing_id": "l2", "watch": 1}]
    item = aws.cases.get(Listing, "default", "c", "l1")
    aws.cases.commit([aws.cases.change(item, watch=1)[1]])
    assert watches_of(send(aws)) == first


def test_a_notice_that_never_left_gives_its_listings_free(aws: Aws) -> None:
    prepare(aws)
    with pytest.raises(RetryableError):
        send(aws, refusing(aws))
    reject_notice(stored(aws), RejectionInput(reason="no"), AMIR, cases=aws.cases, custody=aws.custody, now=NOW)
    items = [listing("l1", case_id="d", state=ListingState.NOTICE_DRAFTED, notice_id="n2")]
    second = approved_notice("n2", "l1").model_copy(update={"case_id": "d"})
    aws.cases.commit([aws.cases.create(document) for document in (case(case_id="d"), second, *items)])
    assert send(aws, notice_id="n2", case_id="d").state is NoticeState.SENT
    assert mails() == 1


def test_a_full_notice_can_be_rejected_after_it_was_refused(aws: Aws) -> None:
    names = [f"l{number}" for number in range(MOST_LISTINGS)]
    items = [listing(name, state=ListingState.NOTICE_DRAFTED, notice_id="n1") for name in names]
    documents = [case(), approved_notice("n1", *names), *items]
    aws.cases.commit([aws.cases.create(document) for document in documents])
    with pytest.raises(RetryableError):
        send(aws, refusing(aws))
    rejected = reject_notice(
        stored(aws), RejectionInput(reason="no"), AMIR, cases=aws.cases, custody=aws.custody, now=NOW
    )
    assert rejected.state is NoticeState.REJECTED


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
