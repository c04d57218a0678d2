"""The strict layer refuses bytes that are not what their sender says, in every encoding that boto3 sends."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from infra.local.strict import RefusedError, check_presigned, check_s3

BODY = b"evidence"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()


def put(**headers: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": "PUT", "QUERY_STRING": "", "PATH_INFO": "/bucket/key", **headers}


@pytest.mark.parametrize("claim", [{"HTTP_X_AMZ_CHECKSUM_SHA256": SHA256}, {"HTTP_X_AMZ_CHECKSUM_CRC32": CRC32}, {}])
def test_true_checksums_pass(claim: dict[str, str]) -> None:
    check_s3(put(**claim), BODY)


@pytest.mark.parametrize(
    "claim",
    [{"HTTP_X_AMZ_CHECKSUM_SHA256": SHA256}, {"HTTP_X_AMZ_CHECKSUM_CRC32": CRC32}, {"HTTP_CONTENT_MD5": "AA=="}],
)
def test_false_checksums_are_refused(claim: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as refusal:
        check_s3(put(**claim), b"tampered")
    assert refusal.value.code == "BadDigest"


def test_a_checksum_in_the_trailer_counts() -> None:
    chunked = put(HTTP_CONTENT_ENCODING="aws-chunked")
    body = b"8\r\n%s\r\n0\r\nx-amz-checksum-sha256:%s\r\n\r\n"
    check_s3(chunked, body % (BODY, SHA256.encode()))
    with pytest.raises(RefusedError):
        check_s3(chunked, body % (b"tampered", SHA256.encode()))


@pytest.mark.parametrize(
    "query", ["X-Amz-Date=20200101T000000Z&X-Amz-Expires=300", "Expires=1577836800&Signature=x&AWSAccessKeyId=y"]
)
def test_an_old_presigned_url_is_refused(query: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        check_presigned({"QUERY_STRING": query})
    assert refusal.value.status == 403
