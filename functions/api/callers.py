"""Who is calling: taken from the request context that API Gateway authenticated, never from the request itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from takedown.actor import Actor
from takedown.errors import ForbiddenError
from takedown.states import Role

TENANT = "default"
"""The one tenant until users come; then it is a verified claim."""


def actor_of(
    request_context: Mapping[str, Any],
    *,
    preparers: frozenset[str],
    approvers: frozenset[str],
    auditors: frozenset[str],
) -> Actor:
    """Read the caller of an IAM-authorised request.

    The person is the role's session name (or the IAM user's name); the trust policy of the roles has to force that
    name (`sts:RoleSessionName`, see SECURITY.md). The role is what the deployment says of the IAM role's name.

    Raises
    ------
    ForbiddenError
        The request was not authenticated, or by a principal that the deployment does not name.
    """
    iam = (request_context.get("authorizer") or {}).get("iam") or {}
    arn = str(iam.get("userArn") or "")
    parts = arn.split(":")
    if len(parts) < 6:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        raise ForbiddenError("the request is not signed (AWS SigV4)")
    path = parts[5].split("/")
    if path[0] == "assumed-role" and len(path) == 3:  # noqa: PLR2004 - assumed-role/<role>/<session>
        name, person = path[1], path[2]
    elif path[0] == "user":
        name = person = path[-1]
    else:
        raise ForbiddenError("only IAM users and assumed roles may call")
    if name in approvers:
        role = Role.APPROVER
    elif name in preparers:
        role = Role.PREPARER
    elif name in auditors:
        role = Role.AUDITOR
    else:
        # Leave to call the API (execute-api:Invoke) is often granted widely; leave to read a case is not.
        raise ForbiddenError(f"{name} is no preparer, approver or auditor here")
    return Actor(person=person, role=role, principal=arn)


def require(actor: Actor, *roles: Role) -> Actor:
    """Let only these roles pass.

    Raises
    ------
    ForbiddenError
        Naming the role that is missing.
    """
    if actor.role not in roles:
        wanted = " or ".join(roles)
        raise ForbiddenError(f"{actor.person} acts as {actor.role}; this takes the role {wanted}")
    return actor
