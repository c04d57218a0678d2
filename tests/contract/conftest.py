"""The adapters on moto, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.mailbox import Mailbox
from takedown.adapters.signer import KmsSigner


@dataclass
class Aws:
    """The adapters of one empty account."""

    cases: CaseTable
    custody: CustodyTable
    store: EvidenceStore
    mailbox: Mailbox
    signer: KmsSigner


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        db, s3, kms = clients.dynamodb(), clients.s3(), clients.kms()
        _table("cases", "pk", "sk", "index_pk", "index_sk")
        _table("custody", "pk", "sk")
        boto3.client("s3").create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
        boto3.client("sesv2").create_email_identity(EmailIdentity="notices@firm.example")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        yield Aws(
            CaseTable("cases", db),
            CustodyTable("custody", db, sleep=lambda _: None),
            EvidenceStore("evidence", s3),
            Mailbox(clients.ses_once()),
            KmsSigner(key, kms),
        )


def _table(name: str, *attributes: str) -> None:
    """Make a table as the template does: pk and sk, and an index over the other two where there are any."""
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": item, "AttributeType": "S"} for item in attributes],
        "KeySchema": _keys(*attributes[:2]),
    }
    if attributes[2:]:
        index = {"IndexName": "by_index", "KeySchema": _keys(*attributes[2:]), "Projection": {"ProjectionType": "ALL"}}
        definition["GlobalSecondaryIndexes"] = [index]
    boto3.client("dynamodb").create_table(**definition)


def _keys(first: str, second: str) -> list[dict[str, str]]:
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]
