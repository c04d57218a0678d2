"""A strict layer over moto: refuses what AWS would refuse and moto lets pass.

Stands as WSGI middleware before moto's server, so it sees requests as AWS would see them and needs little of moto's
insides. Measured on moto 5.2.5: it signs messages of any length, ignores MessageType=DIGEST, signs with disabled keys,
stores bytes that do not match their checksum, shortens COMPLIANCE retention, and gave two winners to one conditional
write in 1 of 60 races.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree as ET

from infra.local.moto_seams import ACCOUNT, REGION

KMS_MAX_MESSAGE = 4096
"""Bytes that KMS signs with MessageType RAW (API reference, Sign)."""

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class RefusedError(Exception):
    """AWS would refuse this request.

    Parameters
    ----------
    status
        HTTP status.
    code
        AWS's error code.
    message
        What is wrong.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Strict:
    """The middleware.

    Parameters
    ----------
    app
        moto's WSGI application.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._dynamodb = threading.Lock()
        self._s3 = threading.Lock()
        self._transactions: dict[str, tuple[bytes, list[bytes]]] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Check the request, then hand it to moto."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        service = _service(environ)
        try:
            if target.startswith("TrentService."):
                check_kms(target.partition(".")[2], json.loads(_body(environ) or b"{}"))
            elif service == "s3":
                check_presigned(environ)
                query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
                if environ["REQUEST_METHOD"] == "GET" and "retention" in query:
                    return _retention(environ, query, start_response)
                if environ["REQUEST_METHOD"] in {"PUT", "POST"}:
                    check_s3(environ, _body(environ))
        except RefusedError as refusal:
            return _refuse(refusal, start_response, as_json=bool(target))
        if target.startswith("DynamoDB_"):
            # Condition and write must be one step.
            with self._dynamodb:
                if target.endswith(".TransactWriteItems"):
                    return self._transact(environ, start_response)
                return list(self._app(environ, start_response))
        if service == "s3" and environ["REQUEST_METHOD"] in {"PUT", "POST", "DELETE"}:
            # If-None-Match and the write, too.
            with self._s3:
                return self._explained(environ, start_response)
        return self._app(environ, start_response)

    def _explained(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """Give a refusal by a bucket policy its error code; moto answers with an empty body."""
        held: list[tuple[str, list[tuple[str, str]]]] = []

        def hold(status: str, headers: list[tuple[str, str]], *_: Any) -> None:  # noqa: ANN401 - WSGI's signature
            held.append((status, headers))

        answer = list(self._app(environ, hold))
        status, headers = held[-1]
        if status.startswith("403") and not b"".join(answer):
            return _refuse(RefusedError(403, "AccessDenied", "Access Denied"), start_response, as_json=False)
        start_response(status, headers)
        return answer

    def _transact(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """Write one transaction once: a second request with its token gets the first one's answer."""
        body = _body(environ)
        token = json.loads(body).get("ClientRequestToken", "")
        done = self._transactions.get(token)
        if done is not None and done[0] != body:
            message = "Another transaction with this ClientRequestToken has other parameters."
            refusal = RefusedError(400, "IdempotentParameterMismatchException", message)
            return _refuse(refusal, start_response, as_json=True)
        if done is not None:
            start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
            return done[1]
        statuses: list[str] = []

        def note(status: str, *rest: Any) -> Any:  # noqa: ANN401 - WSGI's signature
            statuses.append(status)
            return start_response(status, *rest)

        answer = list(self._app(environ, note))
        if token and statuses[0].startswith("200"):
            self._transactions[token] = (body, answer)
        return answer


def check_presigned(environ: Mapping[str, Any]) -> None:
    """Refuse a presigned URL after its time.

    Raises
    ------
    RefusedError
        It has expired.
    """
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if "X-Amz-Expires" in query and "X-Amz-Date" in query:
        signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expired = datetime.now(UTC) > signed + timedelta(seconds=int(query["X-Amz-Expires"][0]))
    elif "Expires" in query and "Signature" in query:
        expired = datetime.now(UTC).timestamp() > int(query["Expires"][0])
    else:
        return
    if expired:
        raise RefusedError(403, "AccessDenied", "Request has expired")


def check_kms(action: str, request: Mapping[str, Any]) -> None:
    """Refuse what KMS would refuse.

    Raises
    ------
    RefusedError
        The message is too long, a digest is offered that moto would hash again, or the key may not be used.
    """
    if action not in {"Sign", "Verify", "GetPublicKey"}:
        return
    from moto.kms.models import kms_backends  # noqa: PLC0415 - after MOTO_PORT is set

    keys = kms_backends[ACCOUNT][REGION]
    key = keys.keys.get(keys.get_key_id(request.get("KeyId", "")))
    if key is not None and key.key_state == "PendingDeletion":
        raise RefusedError(400, "KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key is not None and not key.enabled and action != "GetPublicKey":
        raise RefusedError(400, "DisabledException", f"{key.arn} is disabled.")
    if action == "GetPublicKey":
        return
    if request.get("MessageType", "RAW") == "DIGEST":
        raise RefusedError(400, "ValidationException", "The local KMS cannot sign a digest: send MessageType RAW.")
    if len(base64.b64decode(request.get("Message", ""))) > KMS_MAX_MESSAGE:
        raise RefusedError(
            400,
            "ValidationException",
            "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096",  # noqa: E501
        )


def check_s3(environ: Mapping[str, Any], body: bytes) -> None:
    """Refuse what S3 would refuse.

    Raises
    ------
    RefusedError
        The bytes do not match a checksum, or the request would shorten a retention in COMPLIANCE mode.
    """
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-") or "aws-chunked" in environ.get(
        "HTTP_CONTENT_ENCODING", ""
    ):
        content, trailers = _unchunk(body)
    else:
        content, trailers = body, {}
    for name, compute in CHECKSUMS.items():
        claimed = trailers.get(name) or environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        if claimed and environ["REQUEST_METHOD"] == "PUT" and claimed != base64.b64encode(compute(content)).decode():
            raise RefusedError(400, "BadDigest", f"The {name} you specified did not match the calculated checksum.")
    if "retention" in query:
        _check_retention(environ, query, content)


def _locked_key(environ: Mapping[str, Any], query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401 - moto's own type
    """Return the object version that a request is about, when it is locked in some mode."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - after MOTO_PORT is set

    bucket, _, key_name = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    version = query.get("versionId", [None])[0]
    key = s3_backends[ACCOUNT]["aws"].get_object(bucket, key_name, version_id=version)
    return key if key is not None and key.lock_mode and key.lock_until else None


def _check_retention(environ: Mapping[str, Any], query: Mapping[str, list[str]], body: bytes) -> None:
    key = _locked_key(environ, query)
    if key is None or key.lock_mode != "COMPLIANCE":
        return
    root = ET.fromstring(body)  # noqa: S314 - it comes from boto3 on this machine
    wanted = {element.tag.rpartition("}")[2]: element.text or "" for element in root}
    until = wanted.get("RetainUntilDate", "")
    running = _instant(key.lock_until) > datetime.now(UTC)
    if running and (wanted.get("Mode") != "COMPLIANCE" or not until or _instant(until) < _instant(key.lock_until)):
        raise RefusedError(403, "AccessDenied", "Access Denied because object protected by object lock.")


def _retention(
    environ: Mapping[str, Any], query: Mapping[str, list[str]], start_response: StartResponse
) -> list[bytes]:
    """Answer GetObjectRetention, which moto does not know."""
    key = _locked_key(environ, query)
    if key is None:
        message = "The specified object does not have a ObjectLock configuration"
        raise RefusedError(404, "NoSuchObjectLockConfiguration", message)
    root = ET.Element("Retention")
    ET.SubElement(root, "Mode").text = key.lock_mode
    ET.SubElement(root, "RetainUntilDate").text = key.lock_until
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    start_response("200 OK", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "content-md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
}


def _unchunk(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Undo the aws-chunked encoding; return the content and the trailing headers."""
    stream = io.BytesIO(body)
    parts = []
    while size := int(stream.readline().split(b";")[0] or b"0", 16):
        parts.append(stream.read(size))
        stream.readline()
    pairs = (line.decode("ascii", "replace").strip().partition(":") for line in stream)
    return b"".join(parts), {name.lower(): value for name, _, value in pairs if value}


def _service(environ: Mapping[str, Any]) -> str:
    """Name the service that a signed request is for; an unsigned one is taken for S3, as moto does."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
    return scope[3] if len(scope) > 3 else "s3"  # noqa: PLR2004 - key/date/region/service/aws4_request


def _body(environ: dict[str, Any]) -> bytes:
    """Read the body, and put it back for moto."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _refuse(refusal: RefusedError, start_response: StartResponse, *, as_json: bool) -> list[bytes]:
    if as_json:
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    else:
        kind = "application/xml"
        root = ET.Element("Error")
        ET.SubElement(root, "Code").text = refusal.code
        ET.SubElement(root, "Message").text = refusal.message
        body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    start_response(f"{refusal.status} Refused", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
