"""Which faults of AWS pass by themselves: they become `RetryableError`, which the state machines retry by name."""

from __future__ import annotations

from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ParamValidationError

from takedown.errors import RetryableError

PASSING = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "KMSInternalException",
        "LimitExceededException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Error codes after which the same call may succeed (DynamoDB, S3, KMS, Step Functions and Lambda API references)."""

SERVER_FAULT = 500


class _Events(Protocol):
    def register(self, event_name: str, handler: Any) -> None: ...  # noqa: ANN401 - botocore's shape


def raise_passing(events: _Events) -> None:
    """Let a client raise `RetryableError` for faults that pass. Not for the mail client: there nothing is retried."""
    events.register("after-call", _on_answer)
    events.register("after-call-error", _on_no_answer)


def _on_answer(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 - botocore's shape
    code = str(parsed.get("Error", {}).get("Code", ""))
    if code in PASSING or (http_response is not None and http_response.status_code >= SERVER_FAULT):
        raise RetryableError(f"a passing fault of the service: {code or http_response.status_code}")


def _on_no_answer(exception: Exception, **_: Any) -> None:  # noqa: ANN401 - botocore's shape
    if isinstance(exception, BotoCoreError) and not isinstance(exception, ParamValidationError):
        raise RetryableError(f"no answer from the service: {exception}") from exception
