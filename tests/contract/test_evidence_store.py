"""The evidence bucket: written once, read by version, replacement seen."""

from __future__ import annotations

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from takedown.errors import AlreadyExistsError, IntegrityError
from takedown.states import ObjectClass
from tests.contract.conftest import Aws

KEY = "default/c/captures/x/0/page.html"


def test_an_object_is_never_overwritten(aws: Aws) -> None:
    first = aws.store.put(KEY, b"one", "text/html", ObjectClass.EVIDENCE)
    with pytest.raises(AlreadyExistsError, match="never overwritten"):
        aws.store.put(KEY, b"two", "text/html", ObjectClass.EVIDENCE)
    assert aws.store.read(first) == b"one"


def test_a_retried_write_of_the_same_bytes_is_the_same_object(aws: Aws) -> None:
    first = aws.store.put_once(KEY, b"one", "text/html", ObjectClass.EVIDENCE)
    assert aws.store.put_once(KEY, b"one", "text/html", ObjectClass.EVIDENCE) == first
    with pytest.raises(IntegrityError, match="holds other bytes"):
        aws.store.put_once(KEY, b"two", "text/html", ObjectClass.EVIDENCE)


def test_every_object_carries_its_class_and_is_pinned(aws: Aws) -> None:
    stored = aws.store.put(KEY, b"one", "text/html", ObjectClass.EVIDENCE)
    head = boto3.client("s3").head_object(Bucket="evidence", Key=KEY)
    assert head["Metadata"] == {"class": "evidence"}
    assert head["VersionId"] == stored.version_id


def test_a_second_version_or_a_delete_marker_is_seen(aws: Aws) -> None:
    aws.store.put(KEY, b"one", "text/html", ObjectClass.EVIDENCE)
    boto3.client("s3").put_object(Bucket="evidence", Key=KEY, Body=b"two")
    with pytest.raises(IntegrityError, match="more than one version"):
        aws.store.versions("default/c/captures/x/")
    boto3.client("s3").delete_object(Bucket="evidence", Key=KEY)
    with pytest.raises(IntegrityError, match="delete marker"):
        aws.store.versions("default/c/captures/x/")


def test_a_bucket_without_versions_is_no_evidence_bucket(aws: Aws) -> None:
    boto3.client("s3").create_bucket(Bucket="plain")
    aws.store.bucket = "plain"
    with pytest.raises(IntegrityError, match="keeps no versions"):
        aws.store.put(KEY, b"one", "text/html", ObjectClass.EVIDENCE)


def test_a_signature_verifies_with_the_published_key(aws: Aws) -> None:
    key = load_pem_public_key(aws.signer.public_key_pem)
    assert isinstance(key, EllipticCurvePublicKey)
    key.verify(aws.signer.sign(b"statement"), b"statement", ECDSA(hashes.SHA256()))
