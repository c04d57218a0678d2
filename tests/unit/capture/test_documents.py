"""The main frame's documents, from events as DevTools send them."""

from __future__ import annotations

import pytest

from takedown.adapters.chromium.documents import Document, Documents, Response, read_headers


def respond(documents: Documents, network_id: str, status: int, *headers: tuple[str, str]) -> Document:
    document = documents.begin(network_id)
    document.responses.append(Response(f"http://x/{len(document.responses)}", status, "", list(headers)))
    return document


def test_headers_come_from_the_text_where_there_is_one() -> None:
    event = {"headersText": "HTTP/1.1 200 OK\r\nX-A: 1\r\nY: a:b\r\nX-A: 2\r\n\r\n", "headers": {"X-A": "1\n2"}}
    assert read_headers(event) == [("X-A", "1"), ("Y", "a:b"), ("X-A", "2")]


def test_headers_of_http_2_are_a_table_with_repetitions_apart() -> None:
    assert read_headers({"headers": {"set-cookie": "a=1\nb=2", "x": ""}}) == [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x", ""),
    ]


def test_a_redirect_carries_no_body_and_says_so() -> None:
    documents = Documents()
    respond(documents, "1", 302, ("Location", "/next"))
    respond(documents, "1", 200)
    chain = documents.chain(stored=True)
    assert [(hop.status, hop.body) for hop in chain.redirects] == [(302, "redirect: no body")]
    assert chain.main is not None
    assert chain.main.body == "stored"


def test_a_304_or_a_redirect_without_location_leads_nowhere() -> None:
    documents = Documents()
    assert respond(documents, "1", 304).final is not None
    assert respond(documents, "2", 302).final is not None


def test_the_network_s_own_account_of_the_headers_wins_for_the_same_status() -> None:
    documents = Documents()
    respond(documents, "1", 302, ("Location", "/next"))
    respond(documents, "1", 200, ("X", "intercepted"))
    documents.account("1", {"statusCode": 302, "headers": {"Location": "/next", "Set-Cookie": "a=1"}})
    chain = documents.chain(stored=False)
    assert ("Set-Cookie", "a=1") in chain.redirects[0].headers
    assert chain.main is not None
    assert chain.main.headers == [("X", "intercepted")]


def test_what_was_pinned_stays_the_page_when_the_frame_goes_on() -> None:
    documents = Documents()
    respond(documents, "1", 200)
    documents.commit("1", shown=True)
    documents.pin()
    respond(documents, "2", 404)
    documents.commit("2", shown=True)
    chain = documents.chain(stored=True)
    assert documents.moved_on
    assert not documents.is_pinned("2")
    assert chain.main is not None
    assert (chain.final_url, chain.main.status) == ("http://x/0", 200)
    assert chain.redirects == []


@pytest.mark.parametrize(
    ("address", "loader", "rewritten"),
    [
        ("http://x/0", "1", False),
        ("http://x/0#part", "1", False),
        ("http://x/0?", "1", True),
        ("http://x/item/1001", "1", True),
        ("http://x/item/1001", "another document's", False),
    ],
)
def test_the_address_that_a_script_chose_is_told_from_the_server_s(address: str, loader: str, rewritten: bool) -> None:  # noqa: FBT001 - the table's column
    documents = Documents()
    respond(documents, "1", 404)
    documents.commit("1", shown=True)
    assert documents.rewritten(address, loader) is rewritten
    assert documents.chain(stored=False).final_url == "http://x/0"


def test_a_body_is_whole_only_when_it_came_to_its_end() -> None:
    responses = respond(Documents(), "1", 200).responses
    assert not Document("1", responses).whole
    assert Document("1", responses, finished=True).whole
    assert not Document("1", responses, finished=True, failure="ERR_CONTENT_LENGTH_MISMATCH").whole


def test_a_response_without_a_body_is_whole_at_once() -> None:
    assert respond(Documents(), "1", 204).whole
    assert respond(Documents(), "2", 404, ("content-length", "0")).whole


@pytest.mark.parametrize(("text", "charset"), [("正品", "gbk"), ("正品", "UTF-8"), ("café", "windows-1252")])
def test_text_goes_back_to_its_bytes(text: str, charset: str) -> None:
    data = text.encode(charset)
    assert Document("1", charset=charset, length=len(data)).encode(text) == data


def test_text_that_lost_bytes_is_not_made_up() -> None:
    # Six bytes came, one of them malformed: the replacement character does not tell which.
    assert Document("1", charset="UTF-8", length=6).encode("hell\ufffd!") is None
