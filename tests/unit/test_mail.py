"""The message: one recipient, the approved text and nothing else."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from send_notice.mail import compose
from takedown.case import Agent
from takedown.errors import ApprovalError
from takedown.model import EMAIL_PATTERN
from takedown.notice import NoticeText

NOW = "2026-11-23T20:00:00.000Z"


def text(**more: object) -> NoticeText:
    return NoticeText.model_validate(
        {
            "sender": "notices@firm.example",
            "recipient": "agent@shop.example",
            "recipient_name": "Bazaar, Inc. designated agent",
            "subject": "Notice 商品",
            "body": "Line one\n商品已下架\n",
            **more,
        }
    )


def parsed(value: NoticeText) -> EmailMessage:
    data = compose(value, notice_id="n1", attempt_id="a1", now=NOW)
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_recipient_reads_the_approved_text_byte_for_byte() -> None:
    message = parsed(text())
    assert message.get_content().replace("\r\n", "\n") == "Line one\n商品已下架\n"
    assert message["Subject"] == "Notice 商品"


def test_a_comma_in_a_name_makes_no_second_recipient() -> None:
    (recipient,) = parsed(text())["To"].addresses
    assert recipient.addr_spec == "agent@shop.example"
    assert recipient.display_name == "Bazaar, Inc. designated agent"


@pytest.mark.parametrize("evil", ["x@y.example\r\nBcc: z@y.example", "x@y.example, z@y.example", "X <x@y.example>"])
def test_an_address_is_one_address(evil: str) -> None:
    with pytest.raises(ValidationError):
        text(recipient=evil)


@pytest.mark.parametrize(
    "evil",
    ["a..b@x.com", ".a@x.com", "a.@x.com", "x@host..com", "x@.com", "x@com.", "a@x-.com", "a@-x.com", "@x.com", "a@",
     "a" * 65 + "@x.com", "a@" + "b" * 64 + ".com", "a@b@x.com", "a@x.com.", "=?utf-8?q?other?=@x.com"],
)  # fmt: skip
def test_what_no_mail_program_takes_for_an_address_is_refused_at_input(evil: str) -> None:
    with pytest.raises(ValidationError):
        text(recipient=evil)
    with pytest.raises(ValidationError):
        Agent(host="shop.example", name="Agent", email=evil, source="directory")


@pytest.mark.parametrize(
    "good", ["a.b+c@x.com", "a@x", "a@x-y.co.uk", "o'hara@x.com", "a" * 64 + "@x.com", "a@" + "b" * 63 + ".com"]
)
def test_plain_addresses_are_taken(good: str) -> None:
    (recipient,) = parsed(text(recipient=good))["To"].addresses
    assert recipient.addr_spec == good


@given(st.from_regex(re.compile(EMAIL_PATTERN, re.ASCII), fullmatch=True).filter(lambda one: len(one) < 100))
def test_whatever_is_taken_for_an_address_is_the_address_in_the_message(value: str) -> None:
    try:
        taken = text(recipient=value)
    except ValidationError:
        return  # what no regular expression says: RFC 5321 and 2047
    (recipient,) = parsed(taken)["To"].addresses
    assert recipient.addr_spec == value


@pytest.mark.parametrize("separator", ["\r\n", "\n", "\v", "\x85", "\u2028", "\u2029", "\x00"])
def test_no_separator_enters_a_subject_or_name(separator: str) -> None:
    for field in ("subject", "recipient_name"):
        with pytest.raises(ValidationError):
            text(**{field: f"a{separator}Bcc: z@y.example"})


def test_without_a_recipient_there_is_no_message() -> None:
    with pytest.raises(ApprovalError, match="no recipient"):
        compose(text(recipient=None), notice_id="n1", attempt_id="a1", now=NOW)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200))
def test_whatever_stands_in_subject_and_name_there_is_one_recipient(value: str) -> None:
    if not value.strip():
        return
    message = parsed(text(subject=value, recipient_name=value))
    assert [address.addr_spec for address in message["To"].addresses] == ["agent@shop.example"]
    assert message["Bcc"] is None
    assert message["Cc"] is None
