"""Approving: whatever became of the machine that waited, what was approved is sent, and sent once."""

from __future__ import annotations

from typing import Any

import pytest

from draft_notices.record import draft_batch
from record_failure.record import Failure, record
from takedown.actor import Actor
from takedown.adapters import clients
from takedown.adapters.workflow import Workflow
from takedown.approving import (
    PATIENCE_SECONDS,
    approve_notice,
    carry_out,
    order_again,
    reject_notice,
    wait_for_decision,
)
from takedown.errors import ApprovalError, ConflictError, RetryableError
from takedown.listing import Listing
from takedown.notice import ApprovalInput, Notice, RejectionInput
from takedown.sealed_capture import SealedCapture
from takedown.states import CustodyAction, ListingState, NoticeState, Role, VerdictKind
from takedown.times import later
from takedown.watch import load_policy
from tests.contract.conftest import Aws
from tests.support.values import AMIR, NOW, PAULA, approved_notice, case, listing

OLGA = Actor(person="olga", role=Role.APPROVER, principal="arn:aws:sts::1:assumed-role/TakedownApprover/olga")
EXPIRED = "2027-01-23T20:00:00.000Z"
SEND = "arn:aws:states:us-east-1:1:stateMachine:takedown-send"


class Machines(Workflow):
    """State machines that remember what they were told; only `waiting` tokens are waited under."""

    def __init__(self, *waiting: str) -> None:
        super().__init__(clients.stepfunctions())
        self.waiting = set(waiting)
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.started: dict[str, dict[str, Any]] = {}

    def start(self, machine_arn: str, name: str, event: dict[str, Any]) -> bool:
        assert machine_arn == SEND
        new = name not in self.started
        self.started.setdefault(name, event)
        return new

    def answer(self, task_token: str, output: dict[str, Any]) -> None:
        if task_token not in self.waiting:
            raise ConflictError("nobody waits for this answer any more")
        self.waiting.remove(task_token)
        self.answers.append((task_token, output))


def prepare(aws: Aws, waiting: str | None = None, **more: Any) -> Notice:  # noqa: ANN401 - any field
    fields = {"state": NoticeState.DRAFTED, "approval": None, "task_token": waiting, **more}
    notice = approved_notice("n1", "l1").model_copy(update=fields)
    item = listing("l1", state=ListingState.NOTICE_DRAFTED, notice_id="n1")
    aws.cases.commit([aws.cases.create(document) for document in (case(), notice, item)])
    return notice


def stored(aws: Aws) -> Notice:
    return aws.cases.get(Notice, "default", "c", "n1")


def approve(aws: Aws, by: Actor = AMIR, *, now: str = NOW, notice: Notice | None = None) -> Notice:
    notice = notice or stored(aws)
    given = ApprovalInput(digest=notice.text.digest, confirmed=[])
    return approve_notice(notice, given, by, cases=aws.cases, custody=aws.custody, now=now)


def fail(aws: Aws, error: str, **more: Any) -> None:  # noqa: ANN401 - any field
    event = {
        "tenant": "default",
        "case_id": "c",
        "step": "notice",
        "notice_id": "n1",
        "error": {"Error": error, "Cause": None},
        **more,
    }
    failure = Failure.model_validate(event)
    record(failure, cases=aws.cases, custody=aws.custody, policy=load_policy("standard"), now=NOW)


def wait(aws: Aws, token: str, machines: Machines) -> None:
    wait_for_decision("default", "c", "n1", token=token, cases=aws.cases, workflow=machines)


def carried_out(notice: Notice, machines: Machines, *, now: str = NOW) -> list[str]:
    carry_out(notice, workflow=machines, machine_arn=SEND, now=now)
    return list(machines.started)


# --- the decision is carried out


def test_who_waits_is_woken_and_nothing_else_is_started(aws: Aws) -> None:
    prepare(aws, "t1")
    machines = Machines("t1")
    assert carried_out(approve(aws), machines) == []
    assert machines.answers == [("t1", {"approved": True})]


def test_where_nobody_waits_any_more_it_is_sent_all_the_same_and_once(aws: Aws) -> None:
    prepare(aws, "timed-out")
    fail(aws, "States.Timeout")
    machines = Machines()
    for _ in range(2):
        assert carried_out(approve(aws), machines) == ["n1-s1"]
    assert machines.started["n1-s1"] == {"tenant": "default", "case_id": "c", "notice_id": "n1"}


def test_who_will_come_to_wait_is_waited_for_and_told_at_once(aws: Aws) -> None:
    prepare(aws)
    machines = Machines("t1")
    assert carried_out(approve(aws), machines) == []
    wait(aws, "t1", machines)
    assert machines.answers == [("t1", {"approved": True})]


def test_who_never_came_to_wait_is_not_waited_for(aws: Aws) -> None:
    prepare(aws)
    much_later = later(NOW, seconds=PATIENCE_SECONDS)
    assert carried_out(approve(aws, now=much_later), Machines(), now=much_later) == ["n1-s1"]


def test_who_failed_before_waiting_is_not_waited_for(aws: Aws) -> None:
    prepare(aws)
    fail(aws, "Runtime.ImportModuleError")
    assert carried_out(approve(aws), Machines()) == ["n1-s1"]


@pytest.mark.usefixtures("aws")
def test_a_rejection_wakes_and_starts_nothing() -> None:
    for token, answers in (("t1", [("t1", {"approved": False})]), ("gone", [])):
        machines = Machines("t1")
        rejected = approved_notice("n1").model_copy(update={"state": NoticeState.REJECTED, "task_token": token})
        assert carried_out(rejected, machines) == []
        assert machines.answers == answers


def test_one_waits_for_a_notice_and_the_one_before_is_let_go(aws: Aws) -> None:
    prepare(aws)
    machines = Machines("t1", "t2")
    for token in ("t1", "t1", "t2"):
        wait(aws, token, machines)
    assert machines.answers == [("t1", {"approved": False})]
    carried_out(approve(aws), machines)
    assert machines.answers[1:] == [("t2", {"approved": True})]


def test_a_notice_that_keeps_changing_is_waited_for_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(aws)

    def conflict(*_: object) -> None:
        raise ConflictError("changed")

    monkeypatch.setattr(aws.cases, "commit", conflict)
    with pytest.raises(RetryableError):
        wait(aws, "t1", Machines())


# --- sending is ordered again


def test_what_failed_is_sent_when_it_is_ordered_again(aws: Aws) -> None:
    prepare(aws, "used")
    machines = Machines()
    approve(aws)
    fail(aws, "RetryableError")
    ordered = order_again(stored(aws), OLGA, cases=aws.cases, now=NOW)
    assert carried_out(ordered, machines) == ["n1-s2"]
    assert [item.by.person for item in stored(aws).orders] == ["amir", "olga"]
    with pytest.raises(ConflictError, match="nothing failed"):
        order_again(stored(aws), OLGA, cases=aws.cases, now=NOW)
    fail(aws, "RetryableError")
    assert carried_out(order_again(stored(aws), AMIR, cases=aws.cases, now=NOW), machines) == ["n1-s2", "n1-s3"]
    failures = [event for event in aws.custody.events("default", "c") if event.action is CustodyAction.STEP_FAILED]
    assert len(failures) == 2, "each order that failed is on the record"


def test_what_silently_came_to_nothing_can_be_ordered_again(aws: Aws) -> None:
    prepare(aws, "used")
    approve(aws)
    much_later = later(NOW, seconds=PATIENCE_SECONDS)
    assert carried_out(order_again(stored(aws), AMIR, cases=aws.cases, now=much_later), Machines()) == ["n1-s2"]


@pytest.mark.parametrize(
    "state",
    [NoticeState.DRAFTED, NoticeState.REJECTED, NoticeState.SENDING, NoticeState.SENT, NoticeState.SEND_UNKNOWN],
)
def test_only_what_is_ready_is_ordered_again(aws: Aws, state: NoticeState) -> None:
    notice = prepare(aws, state=state, failure="x")
    with pytest.raises(ApprovalError, match=state.value):
        order_again(notice, AMIR, cases=aws.cases, now=NOW)


def test_without_a_valid_approval_nothing_is_ordered_again(aws: Aws) -> None:
    prepare(aws, "used")
    approve(aws)
    fail(aws, "RetryableError")
    with pytest.raises(ApprovalError, match="expired"):
        order_again(stored(aws), AMIR, cases=aws.cases, now=EXPIRED)


# --- approving again


@pytest.mark.parametrize("by", [AMIR, OLGA])
def test_an_expired_approval_is_replaced_by_whoever_may_approve(aws: Aws, by: Actor) -> None:
    prepare(aws, "used")
    machines = Machines()
    carried_out(approve(aws), machines)
    fail(aws, "ApprovalError")
    again = approve(aws, by, now=EXPIRED)
    assert again.state is NoticeState.READY
    assert again.approval
    assert again.approval.approver == by
    assert again.approval.expires_at > EXPIRED
    assert carried_out(again, machines, now=EXPIRED) == ["n1-s1", "n1-s2"]
    approvals = [event for event in aws.custody.events("default", "c") if event.action is CustodyAction.NOTICE_APPROVED]
    assert [event.actor for event in approvals] == [AMIR, by]


def test_an_approval_that_holds_is_not_replaced(aws: Aws) -> None:
    prepare(aws)
    first = approve(aws)
    assert approve(aws) == first
    with pytest.raises(ApprovalError, match="amir approved it, and that holds until"):
        approve(aws, OLGA)


def test_two_who_approve_at_once_are_not_both_told_that_they_did(aws: Aws) -> None:
    stale = prepare(aws)
    approve(aws)
    with pytest.raises(ConflictError, match="amir approved the notice at the same time"):
        approve(aws, OLGA, notice=stale)
    assert approve(aws, notice=stale).approval == stored(aws).approval


# --- drafting again


def captured(aws: Aws, *listings: Listing) -> None:
    for item in listings:
        capture = SealedCapture.model_validate(
            {
                "tenant": "default",
                "case_id": "c",
                "listing_id": item.listing_id,
                "capture_id": item.capture_id,
                "attempt": 0,
                "purpose": "infringement",
                "status": "COMPLETE",
                "outcome": "CAPTURED",
                "detail": "",
                "flags": [],
                "ended_at": NOW,
                "sealed_at": NOW,
                "time_stamps": 1,
                "files": [],
            }
        )
        aws.cases.commit([aws.cases.create(item), aws.cases.create(capture)])


def draft(aws: Aws) -> list[str]:
    return draft_batch("default", "c", 1, cases=aws.cases, custody=aws.custody, sender="notices@firm.example", now=NOW)


def fresh(name: str, host: str = "shop.example.com", **more: Any) -> Listing:  # noqa: ANN401 - any field
    return listing(
        name,
        state=ListingState.CAPTURED,
        observed_status=VerdictKind.LIVE,
        canonical_url=f"https://{host}/item/{name}",
        **more,
    )


def test_a_rejected_notice_is_drafted_anew_and_only_that_one(aws: Aws) -> None:
    aws.cases.commit([aws.cases.create(case())])
    captured(aws, fresh("l1"), fresh("l2", "other.example.com"))
    first = draft(aws)
    assert draft(aws) == first, "a repeated step finds its own work"
    notices = {item.notice_id: item for item in aws.cases.all(Notice, "default", "c")}
    (about,) = [item for item in notices.values() if item.listing_ids == ["l1"]]
    reject_notice(about, RejectionInput(reason="no"), AMIR, cases=aws.cases, custody=aws.custody, now=NOW)
    again = draft(aws)
    assert len(again) == 2
    assert about.notice_id not in again
    (new,) = set(again) - set(first)
    assert aws.cases.get(Notice, "default", "c", new).listing_ids == ["l1"]
    assert draft(aws) == again
    rejected = aws.cases.get(Notice, "default", "c", about.notice_id)
    assert rejected.state is NoticeState.REJECTED


def test_one_group_that_cannot_be_drafted_is_recorded_and_the_others_are_drafted(aws: Aws) -> None:
    aws.cases.commit([aws.cases.create(case()), aws.cases.create(fresh("l1"))])  # its capture is missing
    captured(aws, fresh("l2", "other.example.com"))
    (drafted,) = draft(aws)
    assert aws.cases.get(Notice, "default", "c", drafted).listing_ids == ["l2"]
    (failed,) = [event for event in aws.custody.events("default", "c") if event.action is CustodyAction.STEP_FAILED]
    assert failed.facts["step"] == "draft"
    assert failed.facts["first"] == failed.facts["last"] == "l1"
    assert "no capture capl1" in failed.facts["reason"]
    assert aws.cases.get(Listing, "default", "c", "l1").state is ListingState.CAPTURED
    assert draft(aws) == [drafted]


def test_listings_that_another_worker_drafts_meanwhile_are_looked_at_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.cases.commit([aws.cases.create(case())])
    captured(aws, fresh("l1"))
    original = aws.custody.append

    def overtaken(*arguments: Any, **more: Any) -> object:  # noqa: ANN401 - whatever it is called with
        monkeypatch.setattr(aws.custody, "append", original)
        item = aws.cases.get(Listing, "default", "c", "l1")
        aws.cases.commit([aws.cases.change(item, failure="x")[1]])
        return original(*arguments, **more)

    monkeypatch.setattr(aws.custody, "append", overtaken)
    with pytest.raises(RetryableError):
        draft(aws)
    assert len(draft(aws)) == 1


def test_the_one_who_added_the_listings_does_not_approve_the_notice(aws: Aws) -> None:
    aws.cases.commit([aws.cases.create(case())])
    captured(aws, fresh("l1", added_by=AMIR))
    (drafted,) = draft(aws)
    notice = aws.cases.get(Notice, "default", "c", drafted).model_copy(update={"gaps": [], "checklist": []})
    with pytest.raises(ApprovalError, match="amir added a listing to the notice"):
        approve(aws, notice=notice)
    assert [item.person for item in notice.preparers] == [PAULA.person, AMIR.person]


# --- what failed is on the record


@pytest.mark.parametrize("step", ["notice", "draft"])
def test_a_failure_without_a_cause_is_recorded(aws: Aws, step: str) -> None:
    prepare(aws)
    fail(aws, "States.Timeout", step=step, batch=1, execution="c-b1")
    (event,) = aws.custody.events("default", "c")
    assert event.action is CustodyAction.STEP_FAILED
    assert event.facts["reason"] == "States.Timeout: no cause was given"
