"""The words of the local Lambda service: a function, a call of it, an answer."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.local.worker import Worker


class FunctionNotFoundError(LookupError):
    """No function of that name is deployed."""


class RuntimeClosedError(RuntimeError):
    """The local cloud is shutting down."""


@dataclass(frozen=True)
class FunctionSpec:
    """One function of the template, as its workers need it."""

    logical_id: str
    name: str
    arn: str
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]
    """The template's variables and the local cloud's, complete."""
    task_root: Path
    """Working directory and import root, as ``/var/task`` on AWS."""
    log_path: Path
    workers: int
    """How many may run at once."""
    async_retries: int = 2
    """How often an asynchronous call is tried again (AWS's default)."""


@dataclass(frozen=True)
class Answer:
    """What a call came to."""

    payload: bytes
    function_error: str | None = None
    """``Unhandled`` when the payload describes an error, as in the API's X-Amz-Function-Error."""


def failure(error_type: str, message: str) -> Answer:
    """Return the answer for a call that failed outside the handler, in AWS's own shape."""
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), "Unhandled")


@dataclass
class Invocation:
    """One call on its way through a pool."""

    payload: bytes
    arn: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline: float = 0.0
    """Wall-clock time when it will be cut off; set when a worker takes it."""
    worker: Worker | None = None
    started: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None

    def settle(self, answer: Answer) -> None:
        """Give the answer, once; a later one is dropped."""
        if self.answer is None:
            self.answer = answer
        self.started.set()
        self.done.set()
