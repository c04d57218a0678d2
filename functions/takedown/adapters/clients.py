"""AWS clients, made once in a room's `app.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from takedown.adapters.faults import raise_passing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_stepfunctions.client import SFNClient

C = TypeVar("C", bound=BaseClient)

_RETRYING = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=30)
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=3, read_timeout=30)


def dynamodb() -> DynamoDBClient:
    """Return a DynamoDB client. Retries are safe: every write carries its own condition."""
    return _heard(boto3.client("dynamodb", config=_RETRYING))


def s3() -> S3Client:
    """Return an S3 client.

    A retried write whose first reply was lost finds its own object: `EvidenceStore.put` tells that apart. Links are
    signed with version 4: buckets made since 2020-06-24 take no other (AWS News Blog, "Amazon S3 Update - SigV2").
    """
    version_4 = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return _heard(boto3.client("s3", config=_RETRYING.merge(version_4)))


def kms() -> KMSClient:
    """Return a KMS client."""
    return _heard(boto3.client("kms", config=_RETRYING))


def stepfunctions() -> SFNClient:
    """Return a Step Functions client. Retries are safe: executions carry names of ours."""
    return _heard(boto3.client("stepfunctions", config=_RETRYING))


def lambda_() -> LambdaClient:
    """Return a Lambda client."""
    return _heard(boto3.client("lambda", config=_RETRYING))


def ses_once() -> SESV2Client:
    """Return a mail client that never retries: SES has no idempotency token."""
    return boto3.client("sesv2", config=_ONCE)


def _heard(client: C) -> C:
    """Turn faults that pass into `RetryableError`."""
    raise_passing(client.meta.events)
    return client
