"""The demo marketplace's mailbox: which listings a message names."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from infra.local.marketplace.mail import AGENT_ADDRESS, AGENT_NAME, ReceivedNotice, read_notice

SHOP = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


def read(raw: bytes) -> ReceivedNotice:
    return read_notice(raw, base_url=SHOP, known=frozenset({"1001", "1002", "1005"}), now=NOW)


def test_a_notice_is_read_from_its_text_part() -> None:
    message = EmailMessage()
    message["From"] = "Fox & Lantern Press <rights@fox-lantern.example>"
    message["To"] = f'"{AGENT_NAME}" <{AGENT_ADDRESS.upper()}>'
    message["Cc"] = "Counsel <counsel@fox-lantern.example>"
    message["Subject"] = "Meldung: Füchse, 月亮"
    message["Message-ID"] = "<1@fox-lantern.example>"
    text = f"Grüße,\n\n 1. {SHOP}/item/1005\n 2. {SHOP}/item/1001\n 3. {SHOP}/item/1005\n{'=' * 200}\n"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(f"<a href='{SHOP}/item/1002'>the text part is what counts</a>", subtype="html")
    message.add_attachment(f"{SHOP}/item/1002".encode(), maintype="application", subtype="pdf", filename="e.pdf")
    got = read(bytes(message))
    assert got.items == ("1005", "1001")
    assert got.subject == "Meldung: Füchse, 月亮"
    assert got.message_id == "<1@fox-lantern.example>"
    assert got.recipients == (AGENT_ADDRESS, "counsel@fox-lantern.example")
    assert got.for_agent is True
    assert got.at == NOW
    assert got.raw == bytes(message)


@pytest.mark.parametrize(
    "line",
    [
        "http://127.0.0.1:1/item/1001",
        "http://another.example/item/1001",
        f"{SHOP}/item/10011",
        f"{SHOP}/item/1001-b",
        f"{SHOP}/item/7777",
        "item 1001",
    ],
)
def test_what_is_no_listing_of_this_shop_is_passed_over(line: str) -> None:
    assert read(f"To: {AGENT_ADDRESS}\n\n{line}\n".encode()).items == ()


@pytest.mark.parametrize("ending", ["", ".", ",", ")", ">", "?ref=mail", "#top", '"'])
def test_a_url_is_found_whatever_stands_after_it(ending: str) -> None:
    assert read(f"To: {AGENT_ADDRESS}\n\nsee {SHOP}/item/1001{ending}\n".encode()).items == ("1001",)


def test_an_unknown_charset_does_not_hide_a_url() -> None:
    raw = f"To: {AGENT_ADDRESS}\nContent-Type: text/plain; charset=klingon\n\n{SHOP}/item/1002\n"
    assert read(raw.encode()).items == ("1002",)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\x00\r\n\r\n",
        b"To: @@,<>;\nFrom: \xff\n\n",
        b"Content-Type: multipart/mixed\n\n",
        b"Content-Type: image/png\n\nabc",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!",
    ],
)
def test_odd_mail_does_no_harm(raw: bytes) -> None:
    got = read(raw)
    assert (got.items, got.for_agent) == ((), False)
