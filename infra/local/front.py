"""The API on loopback: what API Gateway does between a caller and the function.

Callers are told apart by a development token instead of an IAM signature. The tokens are no secrets, so this listens on
loopback only, and answers to its own name only (a page in a browser could otherwise come in by DNS rebinding).
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from infra.local.calls import Answer, RuntimeClosedError
from infra.local.loopback import LOOPBACK, Handler, Server
from infra.local.moto_seams import ACCOUNT, REGION
from infra.local.runtime import LambdaRuntime

logger = logging.getLogger(__name__)

MAX_BODY = 10 * 1024 * 1024
"""API Gateway's limit."""
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript", "application/problem+json")


@dataclass(frozen=True)
class Principal:
    """Someone who may sign requests."""

    token: str
    role: str
    person: str

    @property
    def arn(self) -> str:
        """The ARN that API Gateway reports for a caller with this role's session."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/{self.person}"


PRINCIPALS = {
    one.token: one
    for one in (
        Principal("dev-preparer", "TakedownPreparer", "paula.preparer"),
        Principal("dev-approver", "TakedownApprover", "amir.approver"),
        Principal("dev-auditor", "TakedownAuditor", "olga.auditor"),
    )
}


class Front(Server):
    """The API.

    Parameters
    ----------
    runtime
        Where the function runs.
    function
        Its name.
    logs
        Folder of the functions' logs, for messages that point there.
    port
        0 picks a free one.
    """

    def __init__(self, runtime: LambdaRuntime, function: str, logs: Path, port: int = 0) -> None:
        super().__init__(FrontHandler, port)
        self.runtime = runtime
        self.function = function
        self.logs = logs


class FrontHandler(Handler):
    """Turns one HTTP request into one call of the function."""

    server: Front

    def respond(self) -> None:
        """Answer as API Gateway would."""
        body = self.body()
        port = self.server.server_port
        if self.headers.get("Host") not in {f"{LOOPBACK}:{port}", f"localhost:{port}"}:
            self._problem(403, "Forbidden", "This API answers to its own address only.")
            return
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        principal = PRINCIPALS.get(token.strip()) if scheme.lower() == "bearer" else None
        if principal is None:
            known = ", ".join(PRINCIPALS)
            self._problem(403, "Forbidden", f"Send 'Authorization: Bearer <token>' with one of: {known}.")
            return
        if len(body) > MAX_BODY:
            self._problem(413, "Request Entity Too Large", f"A request may have {MAX_BODY} bytes.")
            return
        try:
            event = to_event(self, body, principal)
            answer = self.server.runtime.invoke(self.server.function, json.dumps(event).encode())
        except RuntimeClosedError:
            self._problem(503, "Service Unavailable", "The local cloud is shutting down.")
            return
        if answer.function_error:
            self._failed(answer)
            return
        self.answer(*to_response(json.loads(answer.payload)))

    def _failed(self, answer: Answer) -> None:
        error = json.loads(answer.payload)
        detail = f"{self.server.function}: {error.get('errorType')}: {error.get('errorMessage')}"
        logger.error("%s", detail)
        self._problem(500, "Internal Server Error", f"{detail} (log: {self.server.logs / self.server.function}.log)")

    def _problem(self, status: int, title: str, detail: str) -> None:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        self.answer(status, json.dumps(problem).encode(), {"Content-Type": "application/problem+json"})


def to_event(request: Handler, body: bytes, principal: Principal) -> dict[str, Any]:
    """Return the event of an HTTP API with payload format 2.0 and an IAM authorizer."""
    path, _, query = request.path.partition("?")
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if name.lower() not in {"cookie", "authorization"}:
            headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    content, encoded = _encode(body, headers.get("content-type", ""))
    now = datetime.now(UTC)
    session = f"AROALOCAL{principal.role.upper()[:11]}:{principal.person}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "authorizer": {
                "iam": {
                    "accessKey": "ASIALOCALDEVELOPMENT",
                    "accountId": ACCOUNT,
                    "callerId": session,
                    "cognitoIdentity": None,
                    "principalOrgId": "o-local",
                    "userArn": principal.arn,
                    "userId": session,
                }
            },
            "domainName": f"local.execute-api.{REGION}.amazonaws.com",
            "domainPrefix": "local",
            "http": {
                "method": request.command,
                "path": path,
                "protocol": request.request_version,
                "sourceIp": request.client_address[0],
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "pathParameters": {"proxy": unquote(path.lstrip("/"))},
        "isBase64Encoded": encoded,
    }
    if cookies := [part.strip() for part in request.headers.get("Cookie", "").split(";") if part.strip()]:
        event["cookies"] = cookies
    if parameters:
        event["queryStringParameters"] = parameters
    if body:
        event["body"] = content
    return event


def to_response(result: Any) -> tuple[int, bytes, dict[str, str]]:  # noqa: ANN401 - whatever the function returned
    """Return status, body and headers, as API Gateway reads a result with payload format 2.0."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return 200, json.dumps(result).encode(), {"Content-Type": "application/json"}
    body = result.get("body") or ""
    data = base64.b64decode(body) if result.get("isBase64Encoded") else str(body).encode()
    headers = {str(name): str(value) for name, value in (result.get("headers") or {}).items()}
    headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    if cookies := result.get("cookies"):
        headers["Set-Cookie"] = str(cookies[0])
    return int(result["statusCode"]), data, headers


def _encode(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return the body as text, or in Base64 when it is none."""
    if content_type.startswith(TEXT_TYPES) or not content_type:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            logger.debug("a body of type %s is not UTF-8", content_type)
    return base64.b64encode(body).decode(), True
