"""The evidence bucket: objects are written once, read by version, and never deleted or replaced."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from takedown.errors import AlreadyExistsError, IntegrityError, NotFoundError, RetryableError
from takedown.states import ObjectClass

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CHUNK = 1 << 20


@dataclass(frozen=True)
class StoredRef:
    """Where one object lies: pinned to its version, since a key alone can gain a later one."""

    key: str
    version_id: str
    bytes: int
    sha256: str
    """Hex, of the bytes that were sent or read."""


@dataclass(frozen=True)
class ObjectVersion:
    """One version as the bucket lists it."""

    key: str
    version_id: str
    bytes: int


class EvidenceStore:
    """One bucket with versioning and Object Lock."""

    def __init__(self, bucket: str, client: S3Client) -> None:
        self.bucket = bucket
        self._s3 = client

    def put(self, key: str, data: bytes | IO[bytes], media_type: str, object_class: ObjectClass) -> StoredRef:
        """Write a new object; the service compares the SHA-256 on arrival.

        Raises
        ------
        AlreadyExistsError
            The key is taken; nothing was written.
        RetryableError
            Another write to the same key was under way.
        """
        digest, size = _digest(data)
        try:
            answer = self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=media_type,
                ChecksumAlgorithm="SHA256",  # Object Lock asks for this header beside the digest itself
                ChecksumSHA256=base64.b64encode(digest).decode(),
                IfNoneMatch="*",
                Metadata={"class": object_class.value},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed" and error.response["ResponseMetadata"].get("RetryAttempts"):
                # The first reply was lost: what is there may be our own. The step tries again under a fresh prefix.
                raise RetryableError(f"{key}: written, but the answer was lost") from error
            if code == "PreconditionFailed":
                raise AlreadyExistsError(f"{key} is taken; evidence is never overwritten") from error
            if code == "ConditionalRequestConflict":
                raise RetryableError(f"{key}: {code}") from error
            raise
        version = answer.get("VersionId")
        if not version:
            raise IntegrityError(f"{key}: the bucket {self.bucket} keeps no versions; it is not an evidence bucket")
        return StoredRef(key, version, size, digest.hex())

    def put_once(self, key: str, data: bytes, media_type: str, object_class: ObjectClass) -> StoredRef:
        """Write, or find that the very same bytes were written by an earlier try.

        Raises
        ------
        IntegrityError
            The key holds other bytes.
        """
        try:
            return self.put(key, data, media_type, object_class)
        except AlreadyExistsError:
            (held,) = self.versions(key)
            found = self.read(held)
            if found != data:
                raise IntegrityError(f"{key} holds other bytes than this step would write") from None
            return StoredRef(key, held.version_id, len(found), hashlib.sha256(found).hexdigest())

    def versions(self, prefix: str) -> list[ObjectVersion]:
        """List every object below a prefix.

        Raises
        ------
        IntegrityError
            An object has a second version or a delete marker: somebody tried to replace evidence.
        """
        found: dict[str, ObjectVersion] = {}
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            if markers := page.get("DeleteMarkers"):
                raise IntegrityError(f"{markers[0].get('Key')} carries a delete marker")
            for item in page.get("Versions", []):
                version = ObjectVersion(item["Key"], item["VersionId"], item["Size"])
                if version.key in found:
                    raise IntegrityError(f"{version.key} has more than one version")
                found[version.key] = version
        return [found[key] for key in sorted(found)]

    def read(self, version: ObjectVersion | StoredRef) -> bytes:
        """Read one version whole."""
        return b"".join(self.chunks(version))

    def chunks(self, version: ObjectVersion | StoredRef) -> Iterator[bytes]:
        """Read one version piece by piece.

        Raises
        ------
        NotFoundError
            There is no such version.
        """
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=version.key, VersionId=version.version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion"}:
                raise NotFoundError(f"no object {version.key} in version {version.version_id}") from error
            raise
        yield from answer["Body"].iter_chunks(CHUNK)

    def link(self, version: ObjectVersion | StoredRef, *, filename: str, seconds: int = 300) -> str:
        """Return a presigned GET for exactly this version, to be saved under `filename`, for at most five minutes."""
        return self._s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": version.key,
                "VersionId": version.version_id,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=min(seconds, 300),
            HttpMethod="GET",
        )


def _digest(data: bytes | IO[bytes]) -> tuple[bytes, int]:
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest(), len(data)
    digest, size = hashlib.sha256(), 0
    while chunk := data.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    data.seek(0)
    return digest.digest(), size
