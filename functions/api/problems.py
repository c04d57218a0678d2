"""Errors as RFC 9457 problems: each names the field and the remedy, none shows anything of ours."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from takedown.errors import (
    ApprovalError,
    ConflictError,
    ForbiddenError,
    InputError,
    InputListError,
    NotFoundError,
    RetryableError,
    TakedownError,
    UrlRefusedError,
)

SHOWN = 1000
"""Problems in one answer: Lambda returns at most 6 MB."""
LONGEST = 500
"""Characters of each field and problem."""

MEDIA_TYPE = "application/problem+json"

STATUS: list[tuple[type[TakedownError], HTTPStatus, str]] = [
    (UrlRefusedError, HTTPStatus.UNPROCESSABLE_ENTITY, "url-refused"),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY, "input"),
    (ForbiddenError, HTTPStatus.FORBIDDEN, "forbidden"),
    (NotFoundError, HTTPStatus.NOT_FOUND, "not-found"),
    (ApprovalError, HTTPStatus.CONFLICT, "approval"),
    (ConflictError, HTTPStatus.CONFLICT, "conflict"),
    (RetryableError, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    (TakedownError, HTTPStatus.INTERNAL_SERVER_ERROR, "internal"),
]
"""Most special first: the first class that fits decides."""


def problem(status: HTTPStatus, kind: str, detail: str, **more: Any) -> Response[str]:  # noqa: ANN401 - JSON members
    """Write a problem document."""
    body = {"type": f"urn:takedown:problem:{kind}", "title": status.phrase, "status": status.value, "detail": detail}
    return Response(status_code=status.value, content_type=MEDIA_TYPE, body=json.dumps({**body, **more}))


def from_error(error: TakedownError) -> Response[str]:
    """Turn one of our errors into a problem."""
    status, kind = next((status, kind) for known, status, kind in STATUS if isinstance(error, known))
    if not isinstance(error, InputError):
        return problem(status, kind, str(error))
    problems = error.problems if isinstance(error, InputListError) else [error]
    errors = [
        {"field": item.field[:LONGEST], "problem": item.problem[:LONGEST], "remedy": item.remedy[:LONGEST]}
        for item in problems[:SHOWN]
    ]
    first = str(error)[: 2 * LONGEST]
    detail = first if len(problems) == 1 else f"{len(problems)} fields cannot be used; the first is {first}"
    return problem(status, kind, detail, errors=errors)
