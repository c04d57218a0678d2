"""HTTP becomes the event that API Gateway would make of it, and the answer what it would send."""

from __future__ import annotations

import base64
from email.message import Message
from typing import Any

import pytest

from infra.local.front import PRINCIPALS, to_event, to_response


class Request:
    """The parts of an HTTP request that count."""

    def __init__(
        self, path: str = "/cases", command: str = "GET", headers: list[tuple[str, str]] | None = None
    ) -> None:
        self.path = path
        self.command = command
        self.request_version = "HTTP/1.1"
        self.client_address = ("127.0.0.1", 1)
        self.headers = Message()
        for name, value in headers or []:
            self.headers[name] = value


def event(request: Request, body: bytes = b"") -> dict[str, Any]:
    return to_event(request, body, PRINCIPALS["dev-approver"])  # type: ignore[arg-type]


def test_the_caller_is_the_role_session_of_the_token() -> None:
    iam = event(Request())["requestContext"]["authorizer"]["iam"]
    assert iam["userArn"] == "arn:aws:sts::123456789012:assumed-role/TakedownApprover/amir.approver"
    assert iam["accountId"] == "123456789012"


def test_each_principal_is_another_person_in_another_role() -> None:
    assert len({one.person for one in PRINCIPALS.values()}) == len({one.role for one in PRINCIPALS.values()}) == 3


def test_path_query_and_headers_arrive_as_payload_format_2() -> None:
    made = event(Request("/cases/a%2Fb?x=1&x=2&y=", headers=[("X-One", "1"), ("x-one", "2"), ("Cookie", "a=1; b=2")]))
    assert made["version"] == "2.0"
    assert made["rawPath"] == "/cases/a%2Fb"
    assert made["rawQueryString"] == "x=1&x=2&y="
    assert made["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert made["headers"]["x-one"] == "1,2"
    assert made["cookies"] == ["a=1", "b=2"]
    assert "body" not in made


def test_the_token_does_not_reach_the_function() -> None:
    assert "authorization" not in event(Request(headers=[("Authorization", "Bearer dev-approver")]))["headers"]


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [("application/json", b"{}", False), ("application/zip", b"{}", True), ("text/plain", b"\xff", True)],
)
def test_a_body_is_text_or_base64(kind: str, body: bytes, *, encoded: bool) -> None:
    made = event(Request(headers=[("Content-Type", kind)]), body)
    assert made["isBase64Encoded"] is encoded
    assert (base64.b64decode(made["body"]) if encoded else made["body"].encode()) == body


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"statusCode": 201, "body": "x", "headers": {"a": "b"}}, 201, b"x"),
        ({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}, 200, b"\x00\x01"),
        ({"statusCode": 204}, 204, b""),
        ({"plain": 1}, 200, b'{"plain": 1}'),
    ],
)
def test_a_result_becomes_an_answer(result: dict[str, Any], status: int, body: bytes) -> None:
    assert to_response(result)[:2] == (status, body)
