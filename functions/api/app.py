"""The HTTP API."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext

import takedown
from api import bundles, cases, notices
from api.callers import actor_of
from api.opening import Opener
from api.problems import MEDIA_TYPE, from_error, problem
from api.services import Services
from takedown.adapters import clients
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.adapters.settings import Settings, names, read_settings
from takedown.adapters.system import new_id, utc_now
from takedown.adapters.workflow import Workflow
from takedown.errors import ForbiddenError, InputError, InputListError, TakedownError
from takedown.guard.gate import allowed_hosts
from takedown.watch import load_policy


class RoomSettings(Settings):
    """What this room needs."""

    case_table: str
    custody_table: str
    evidence_bucket: str
    work_bucket: str
    case_machine_arn: str
    watch_machine_arn: str
    send_machine_arn: str
    build_bundle_function: str
    watch_policy: str
    preparer_roles: str
    approver_roles: str
    auditor_roles: str = ""
    allow_hosts: str = ""


logger = Logger()
settings = read_settings(RoomSettings)
db = clients.dynamodb()
table = CaseTable(settings.case_table, db)
custody = CustodyTable(settings.custody_table, db)
workflow = Workflow(clients.stepfunctions())
lambdas = clients.lambda_()


def build_bundle(event: dict[str, str]) -> None:
    """Start an export; the function is invoked asynchronously and the answer is not waited for."""
    lambdas.invoke(
        FunctionName=settings.build_bundle_function, InvocationType="Event", Payload=json.dumps(event).encode()
    )


services = Services(
    cases=table,
    custody=custody,
    store=EvidenceStore(settings.evidence_bucket, clients.s3()),
    workflow=workflow,
    opener=Opener(
        cases=table,
        custody=custody,
        workflow=workflow,
        s3=clients.s3(),
        work_bucket=settings.work_bucket,
        machine_arn=settings.case_machine_arn,
        allow=allowed_hosts(*names(settings.allow_hosts)),
    ),
    policy=load_policy(settings.watch_policy),
    watch_machine_arn=settings.watch_machine_arn,
    send_machine_arn=settings.send_machine_arn,
    build_bundle=build_bundle,
    now=utc_now,
    new_id=new_id,
    actor=lambda request_context: actor_of(
        request_context,
        preparers=names(settings.preparer_roles),
        approvers=names(settings.approver_roles),
        auditors=names(settings.auditor_roles),
    ),
)

app = APIGatewayHttpResolver(enable_validation=True)
for routes in (cases, notices, bundles):
    app.include_router(routes.router)


@app.get("/openapi.json", include_in_schema=False)
def openapi() -> Response[str]:
    """Return the OpenAPI description of these routes."""
    document = app.get_openapi_json_schema(title="Takedown", version=takedown.__version__)
    return Response(HTTPStatus.OK.value, "application/json", document)


@app.exception_handler(TakedownError)
def on_error(error: TakedownError) -> Response[str]:
    """Answer with a problem document."""
    answer = from_error(error)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request failed", exc_info=error)
    return answer


@app.exception_handler(RequestValidationError)
def on_invalid(error: RequestValidationError) -> Response[str]:
    """Name every wrong field, as the caller wrote it."""
    return from_error(InputListError([_problem(item) for item in error.errors()]))


def _problem(item: dict[str, Any]) -> InputError:
    kind = str(item.get("type"))
    if kind == "json_invalid":
        return InputError("body", "the body is not JSON.", "Send a JSON object.")
    where = [part for part in item.get("loc", ()) if part not in {"body", "query", "path", "header"}]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".") or "body"
    remedy = {"missing": "Add it.", "extra_forbidden": "Leave it out."}.get(kind, "")
    return InputError(field, f"{item.get('msg', 'not usable')}.", remedy)


@app.not_found
def on_not_found(error: Exception) -> Response[str]:  # noqa: ARG001 - the resolver's shape
    """Answer for a route that does not exist."""
    return problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such route; see /openapi.json.")


@app.exception_handler(ServiceError)
def on_service_error(error: ServiceError) -> Response[str]:
    """Answer for what the resolver itself refuses."""
    return problem(HTTPStatus(error.status_code), "request", str(error.msg))


@app.exception_handler(Exception)
def on_anything_else(error: Exception) -> Response[str]:
    """Answer for a fault of ours: the log holds it, the answer shows nothing of it."""
    logger.error("request failed", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "A fault of ours; it is in the log.")


MOST_NESTED = 20
"""Levels of a body; ours have five. Deeper ones would meet Python's limit at a depth that nobody can foretell."""


def check_body(event: dict[str, Any]) -> None:
    """Refuse a body that is no JSON, or none that a request of ours could be.

    Raises
    ------
    InputError
        Not Base64, not UTF-8, not JSON, a number of thousands of digits, or nested too deep.
    """
    text = event["body"]
    try:
        value = json.loads(base64.b64decode(text, validate=True).decode() if event.get("isBase64Encoded") else text)
    except (ValueError, RecursionError) as error:
        raise InputError("body", "the body is not JSON.", "Send a JSON object.") from error
    level = [value]
    for _ in range(MOST_NESTED):
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [child for children in inner for child in children]
        if not level:
            return
    raise InputError("body", f"the body is nested deeper than {MOST_NESTED} levels.", "Send a JSON object.")


def media_type(event: dict[str, Any]) -> str:
    """Return what the request calls its body; API Gateway gives header names in lower case."""
    return str((event.get("headers") or {}).get("content-type") or "").strip().lower()


def refusal(event: dict[str, Any]) -> Response[str] | None:
    """Return what is wrong with a request whichever route it is for; None where nothing is.

    Every route asks who is calling again, for the person; here nobody gets as far as one, or as the description of
    them. The resolver would read the body without a guard against what Python's reader cannot take.
    """
    try:
        services.actor(event.get("requestContext") or {})
        if not event.get("body"):
            return None
        if media_type(event).startswith("application/json"):
            check_body(event)
            return None
    except (ForbiddenError, InputError) as error:
        return from_error(error)
    return problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "media-type",
        "The body is not called JSON. Send Content-Type: application/json.",
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    answer = refusal(event)
    if answer is not None:
        return {"statusCode": answer.status_code, "headers": {"Content-Type": MEDIA_TYPE}, "body": answer.body}
    app.append_context(services=services)
    return app.resolve(event, context)
