"""What the routes work with, put together once by `app.py` and handed to every request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.opening import Opener
from takedown.actor import Actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.workflow import Workflow
from takedown.watch import WatchPolicy

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter


@dataclass(frozen=True)
class Services:
    """The outside world of the API."""

    cases: CaseTable
    custody: CustodyTable
    store: EvidenceStore
    workflow: Workflow
    opener: Opener
    policy: WatchPolicy
    watch_machine_arn: str
    send_machine_arn: str
    build_bundle: Callable[[dict[str, str]], None]
    """Starts an export and returns at once."""
    now: Callable[[], str]
    new_id: Callable[[], str]
    actor: Callable[[Any], Actor]
    """Reads the caller from a request context."""


def services_of(router: APIGatewayHttpRouter) -> Services:
    """Return the services of this request."""
    found: Services = router.context["services"]
    return found


def caller(router: APIGatewayHttpRouter) -> Actor:
    """Return who is calling.

    Raises
    ------
    ForbiddenError
        Nobody that was authenticated.
    """
    event = router.current_event.raw_event
    return services_of(router).actor(event.get("requestContext") or {})
