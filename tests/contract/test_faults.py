"""Faults of AWS: what passes is retried by the state machines, what does not is said at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ReadTimeoutError

from takedown.actor import system_actor
from takedown.adapters import clients
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.custody import CustodyEntry
from takedown.errors import RetryableError
from takedown.states import CustodyAction, ObjectClass
from tests.contract.conftest import Aws

NOW = "2026-11-23T20:00:00.000Z"
ENTRY = CustodyEntry(ts=NOW, actor=system_actor("T"), action=CustodyAction.RETRACTED, object="x", sha256=None, facts={})


def answer(code: str, status: int = 400) -> Any:  # noqa: ANN401 - botocore takes what a hook returns for the answer
    body = f'{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"m"}}'.encode()

    class Raw:
        def stream(self, *_: object, **__: object) -> list[bytes]:
            return [body]

    return lambda **_: AWSResponse("https://x", status, HTTPHeaders(), Raw())


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
)
def test_a_fault_that_passes_is_retryable(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    db = clients.dynamodb()
    db.meta.events.register_first("before-send", answer(code))
    with pytest.raises(RetryableError, match=code):
        CustodyTable("custody", db).head("default", "c")


@pytest.mark.usefixtures("aws")
def test_no_answer_is_retryable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    db = clients.dynamodb()

    def lost(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://x")

    db.meta.events.register("before-send", lost)
    with pytest.raises(RetryableError, match="no answer"):
        CustodyTable("custody", db).head("default", "c")


@pytest.mark.usefixtures("aws")
def test_what_can_never_succeed_is_not_tried_again() -> None:
    db = clients.dynamodb()
    asked: list[object] = []
    db.meta.events.register_first("before-send", answer("ValidationException"))
    db.meta.events.register_first("before-send", lambda **_: asked.append(1))
    with pytest.raises(ClientError, match="ValidationException"):
        CustodyTable("custody", db).append("default", "c", ENTRY, once="x")
    assert len(asked) == 1


@pytest.mark.usefixtures("aws")
def test_a_write_whose_reply_was_lost_is_not_called_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = clients.s3()

    def refuse(**_: object) -> None:
        metadata = {"RetryAttempts": 1, "HTTPStatusCode": 412}
        raise ClientError({"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": metadata}, "PutObject")  # type: ignore[typeddict-item]

    monkeypatch.setattr(s3, "put_object", refuse)
    with pytest.raises(RetryableError, match="the answer was lost"):
        EvidenceStore("evidence", s3).put("k", b"x", "text/plain", ObjectClass.EVIDENCE)


def test_a_link_is_signed_with_version_4_for_one_version_and_five_minutes(aws: Aws) -> None:
    stored = aws.store.put("default/c/bundles/b/x.zip", b"x", "application/zip", ObjectClass.EVIDENCE)
    query = parse_qs(urlsplit(aws.store.link(stored, filename="x.zip", seconds=9999)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert query["versionId"] == [stored.version_id]
    assert query["response-content-disposition"] == ['attachment; filename="x.zip"']
