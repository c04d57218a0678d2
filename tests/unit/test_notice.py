"""Approval: a person other than the preparer, the exact text, nothing missing, and not for ever."""

from __future__ import annotations

import pytest

from takedown.actor import Actor
from takedown.errors import ApprovalError, InputError
from takedown.notice import ApprovalInput, Gap, Notice, NoticeText, approve, check_approval
from takedown.states import NoticeState, Role

NOW = "2026-11-23T20:00:00.000Z"
LATER = "2026-11-30T20:00:00.000Z"
PAULA = Actor(person="paula", role=Role.PREPARER, principal="arn:aws:sts::1:assumed-role/TakedownPreparer/paula")
AMIR = Actor(person="amir", role=Role.APPROVER, principal="arn:aws:sts::1:assumed-role/TakedownApprover/amir")


def notice(**more: object) -> Notice:
    text = NoticeText(
        sender="notices@firm.example", recipient="agent@shop.example", recipient_name="Agent", subject="s", body="b"
    )
    return Notice.model_validate(
        {
            "tenant": "default",
            "case_id": "c",
            "notice_id": "n",
            "batch": 1,
            "regime": "us-copyright-512c/1",
            "platform": "generic",
            "agent": None,
            "listing_ids": ["l"],
            "text": text,
            "gaps": [],
            "warnings": [],
            "checklist": ["evidence_seen", "authority"],
            "preparer": PAULA,
            "drafted_at": NOW,
            "state": NoticeState.DRAFTED,
            **more,
        }
    )


def given(item: Notice, *confirmed: str) -> ApprovalInput:
    return ApprovalInput(digest=item.text.digest, confirmed=list(confirmed) or ["evidence_seen", "authority"])


def test_another_person_approves_the_exact_text() -> None:
    item = notice()
    approval = approve(item, given(item), AMIR, now=NOW, expires_at=LATER)
    ready = item.model_copy(update={"state": NoticeState.READY, "approval": approval})
    assert check_approval(ready, now=NOW) == approval


@pytest.mark.parametrize("person", ["paula", "Paula", "PAULA"])
def test_the_preparer_cannot_approve_in_whatever_role_or_spelling(person: str) -> None:
    item = notice()
    same = Actor(person=person, role=Role.APPROVER, principal="arn:aws:sts::1:assumed-role/TakedownApprover/paula")
    with pytest.raises(ApprovalError, match="prepared the notice; another person has to approve it"):
        approve(item, given(item), same, now=NOW, expires_at=LATER)


@pytest.mark.parametrize("person", ["amir", "Amir"])
def test_whoever_added_a_listing_cannot_approve(person: str) -> None:
    item = notice(preparers=[PAULA, AMIR])
    same = AMIR.model_copy(update={"person": person})
    with pytest.raises(ApprovalError, match="added a listing to the notice; another person has to approve it"):
        approve(item, given(item), same, now=NOW, expires_at=LATER)
    approval = approve(notice(), given(item), same, now=NOW, expires_at=LATER)
    ready = item.model_copy(update={"state": NoticeState.READY, "approval": approval})
    with pytest.raises(ApprovalError, match="added a listing"):
        check_approval(ready, now=NOW)


@pytest.mark.parametrize("state", sorted(set(NoticeState) - {NoticeState.DRAFTED, NoticeState.READY}))
def test_only_what_did_not_set_out_can_be_approved(state: NoticeState) -> None:
    expired = approve(notice(), given(notice()), AMIR, now=NOW, expires_at=NOW)
    item = notice(state=state, approval=expired)
    with pytest.raises(ApprovalError, match=f"the notice is {state}; only a drafted notice"):
        approve(item, given(item), AMIR, now=LATER, expires_at=LATER)


def test_an_approval_that_expired_is_given_anew_and_one_that_holds_is_not() -> None:
    old = approve(notice(), given(notice()), AMIR, now=NOW, expires_at=LATER)
    item = notice(state=NoticeState.READY, approval=old)
    with pytest.raises(ApprovalError, match=f"amir approved it, and that holds until {LATER}"):
        approve(item, given(item), AMIR, now=NOW, expires_at=LATER)
    assert approve(item, given(item), AMIR, now=LATER, expires_at=LATER).approved_at == LATER


def test_a_preparer_role_cannot_approve() -> None:
    item = notice()
    other = AMIR.model_copy(update={"role": Role.PREPARER})
    with pytest.raises(ApprovalError, match="amir acts as preparer; only an approver may approve"):
        approve(item, given(item), other, now=NOW, expires_at=LATER)


def test_another_text_cannot_be_approved_and_the_right_digest_is_told() -> None:
    item = notice()
    wrong = ApprovalInput(digest="0" * 64, confirmed=["evidence_seen", "authority"])
    with pytest.raises(ApprovalError, match=item.text.digest):
        approve(item, wrong, AMIR, now=NOW, expires_at=LATER)


def test_every_missing_field_blocks_and_is_named() -> None:
    item = notice(
        gaps=[
            Gap(field="rights_holder.phone", requirement="512(c)(3)(A)(iv)"),
            Gap(field="rights_holder.signatory", requirement="512(c)(3)(A)(i)"),
        ]
    )
    with pytest.raises(ApprovalError, match=r"rights_holder.phone \(512\(c\).*rights_holder.signatory"):
        approve(item, given(item), AMIR, now=NOW, expires_at=LATER)


def test_an_unconfirmed_point_is_named() -> None:
    item = notice()
    with pytest.raises(InputError, match="confirmed: not confirmed: authority"):
        approve(item, given(item, "evidence_seen"), AMIR, now=NOW, expires_at=LATER)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"approval": None}, "carries no approval"),
        ({"text": notice().text.model_copy(update={"body": "edited"})}, "changed after it was approved"),
        ({"text": notice().text.model_copy(update={"recipient": "other@x.example"})}, "changed after it was approved"),
    ],
)
def test_right_before_sending_the_approval_is_checked_again(change: dict[str, object], message: str) -> None:
    item = notice()
    approval = approve(item, given(item), AMIR, now=NOW, expires_at=LATER)
    ready = item.model_copy(update={"state": NoticeState.READY, "approval": approval, **change})
    with pytest.raises(ApprovalError, match=message):
        check_approval(ready, now=NOW)


def test_an_approval_expires() -> None:
    item = notice()
    approval = approve(item, given(item), AMIR, now=NOW, expires_at=LATER)
    ready = item.model_copy(update={"approval": approval})
    with pytest.raises(ApprovalError, match="expired"):
        check_approval(ready, now=LATER)
