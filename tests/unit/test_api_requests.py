"""What the API does with a request before any route sees it: who it is from, and whether its body is one."""

from __future__ import annotations

import base64
import importlib
import json
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SETTINGS = {
    "CASE_TABLE": "cases",
    "CUSTODY_TABLE": "custody",
    "EVIDENCE_BUCKET": "evidence",
    "WORK_BUCKET": "work",
    "CASE_MACHINE_ARN": "arn:case",
    "WATCH_MACHINE_ARN": "arn:watch",
    "SEND_MACHINE_ARN": "arn:send",
    "BUILD_BUNDLE_FUNCTION": "build",
    "WATCH_POLICY": "standard",
    "PREPARER_ROLES": "TakedownPreparer",
    "APPROVER_ROLES": "TakedownApprover",
    "AUDITOR_ROLES": "TakedownAuditor",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "POWERTOOLS_SERVICE_NAME": "takedown",
}
CONTEXT = SimpleNamespace(
    function_name="api",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:api",
    aws_request_id="1",
    function_version="1",
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module("api.app")


def event(method: str, path: str, body: bytes | None = None, role: str = "TakedownPreparer") -> dict[str, Any]:
    """One request as API Gateway hands it over: what is not UTF-8 comes in Base64."""
    request: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "stage": "$default",
            "http": {"method": method, "path": path},
            "authorizer": {"iam": {"userArn": f"arn:aws:sts::1:assumed-role/{role}/somebody"}},
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        try:
            request["body"] = body.decode()
        except UnicodeDecodeError:
            request |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return request


def ask(app: ModuleType, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = app.handler(request, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"right":"\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
        (b"[" * 500 + b"]" * 500, "nested"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested"),
        (b'{"right":' + b"9" * 5000 + b"}", "not JSON"),
        (b"{", "not JSON"),
        (b'{"right":1}garbage', "not JSON"),
    ],
    ids=["utf-8", "open-brackets", "deep", "deep-enough", "deep-objects", "digits", "cut", "tail"],
)
@pytest.mark.parametrize("path", ["/cases", "/cases/c/listings", "/cases/c/notices/n/approval"])
def test_a_body_that_is_no_json_of_ours_is_a_problem_of_the_caller(
    app: ModuleType, path: str, body: bytes, said: str
) -> None:
    status, answer = ask(app, event("POST", path, body))
    assert status == 422
    (error,) = answer["errors"]
    assert error["field"] == "body"
    assert said in error["problem"]


def test_base64_that_is_none_is_a_problem_of_the_caller(app: ModuleType) -> None:
    status, answer = ask(app, {**event("POST", "/cases"), "body": "%%%", "isBase64Encoded": True})
    assert (status, answer["errors"][0]["field"]) == (422, "body")


def test_json_in_base64_is_read_like_any_other(app: ModuleType) -> None:
    status, answer = ask(
        app, {**event("POST", "/cases"), "body": base64.b64encode(b'{"right":1}').decode(), "isBase64Encoded": True}
    )
    assert status == 422
    assert "right" in {error["field"] for error in answer["errors"]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/cases"),
        ("POST", "/cases"),
        ("GET", "/cases/c"),
        ("GET", "/cases/c/timeline"),
        ("POST", "/cases/c/bundles"),
        ("GET", "/cases/c/bundles/b"),
        ("GET", "/cases/c/notices"),
        ("POST", "/cases/c/notices/n/approval"),
        ("GET", "/openapi.json"),
        ("GET", "/nowhere"),
    ],
)
def test_a_principal_that_the_deployment_does_not_name_is_nobody(app: ModuleType, method: str, path: str) -> None:
    status, answer = ask(app, event(method, path, b"{}" if method == "POST" else None, role="SomeOtherRole"))
    assert status == 403
    assert "SomeOtherRole" in answer["detail"]


@pytest.mark.parametrize("role", ["TakedownPreparer", "TakedownApprover", "TakedownAuditor"])
def test_named_principals_come_in(app: ModuleType, role: str) -> None:
    assert ask(app, event("GET", "/openapi.json", role=role))[0] == 200


def test_an_auditor_opens_no_case(app: ModuleType) -> None:
    body = {
        "right": {"kind": "copyright", "title": "T"},
        "rights_holder": {"name": "H"},
        "listings": [{"url": "https://www.etsy.com/listing/1234567890/x"}],
    }
    status, answer = ask(app, event("POST", "/cases", json.dumps(body).encode(), role="TakedownAuditor"))
    assert status == 403
    assert "auditor" in answer["detail"]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "caf\u00e9"])
@pytest.mark.parametrize("path", ["/cases", "/cases/c/listings"])
def test_an_idempotency_key_is_one_short_line_of_ascii(app: ModuleType, path: str, key: str) -> None:
    request = event("POST", path, b"{}")
    request["headers"]["idempotency-key"] = key
    status, answer = ask(app, request)
    assert status == 422
    assert "idempotency-key" in {error["field"].lower() for error in answer["errors"]}
