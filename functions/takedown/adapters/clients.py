"""AWS clients, made once in a room's `app.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_stepfunctions.client import SFNClient

_RETRYING = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=30)
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=3, read_timeout=30)


def dynamodb() -> DynamoDBClient:
    """Return a DynamoDB client. Retries are safe: every write carries its own condition."""
    return boto3.client("dynamodb", config=_RETRYING)


def s3() -> S3Client:
    """Return an S3 client. Retries are safe: every write is `IfNoneMatch` or to a name of ours."""
    return boto3.client("s3", config=_RETRYING.merge(Config(s3={"addressing_style": "path"})))


def kms() -> KMSClient:
    """Return a KMS client."""
    return boto3.client("kms", config=_RETRYING)


def stepfunctions() -> SFNClient:
    """Return a Step Functions client. Retries are safe: executions carry names of ours."""
    return boto3.client("stepfunctions", config=_RETRYING)


def lambda_() -> LambdaClient:
    """Return a Lambda client."""
    return boto3.client("lambda", config=_RETRYING)


def ses_once() -> SESV2Client:
    """Return a mail client that never retries: SES has no idempotency token."""
    return boto3.client("sesv2", config=_ONCE)
