"""Drives the stack's EventBridge schedules: moto keeps them, but never lets one fire."""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from infra.local.calls import RuntimeClosedError
from infra.local.moto_seams import ACCOUNT, REGION
from infra.local.runtime import LambdaRuntime

logger = logging.getLogger(__name__)

UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


class ScheduleFailedError(RuntimeError):
    """The target of a schedule failed."""


def rate_seconds(expression: str) -> float | None:
    """Return the interval of a rate expression; None for cron and at expressions, which only `Schedules.fire` runs."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    return int(match[1]) * UNITS[match[2]] if match else None


class Schedules:
    """The schedules of one stack; a context manager.

    Parameters
    ----------
    schedules
        Expression, target's ARN and input by name.
    runtime
        Where the targets run.
    seconds
        Interval that takes the place of every rate; None keeps the template's.
    """

    def __init__(
        self, schedules: Mapping[str, tuple[str, str, str]], runtime: LambdaRuntime, seconds: float | None
    ) -> None:
        self._schedules = dict(schedules)
        self._runtime = runtime
        self._seconds = seconds
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start the clocks."""
        for name, (expression, _, _) in self._schedules.items():
            interval = self._seconds or rate_seconds(expression)
            if interval is None:
                logger.info("%s: %s is not driven; fire it by hand", name, expression)
                continue
            thread = threading.Thread(target=self._run, args=(name, interval), name=f"schedule-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clocks."""
        self._stop.set()

    def fire(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """Run a schedule's target now; return its answer.

        Parameters
        ----------
        name
            Logical id of the schedule, or the beginning of one when no other begins so.

        Raises
        ------
        KeyError
            There is no such schedule, or several.
        ScheduleFailedError
            The function failed.
        """
        matching = [one for one in self._schedules if one.startswith(name)]
        if name in self._schedules:
            matching = [name]
        if len(matching) != 1:
            raise KeyError(f"{name!r} names {len(matching)} of the schedules {sorted(self._schedules)}")
        _, target, given = self._schedules[matching[0]]
        event = json.loads(given) or {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{matching[0]}"],
            "detail": "{}",
        }
        answer = self._runtime.invoke(target, json.dumps(event).encode())
        if answer.function_error:
            raise ScheduleFailedError(f"{matching[0]}: {answer.payload.decode('utf-8', 'replace')}")
        return json.loads(answer.payload or b"null")

    def _run(self, name: str, interval: float) -> None:
        while not self._stop.wait(interval):
            try:
                self.fire(name)
            except ScheduleFailedError:
                logger.exception("a schedule failed; it will fire again in %s s", interval)
            except RuntimeClosedError:
                return
