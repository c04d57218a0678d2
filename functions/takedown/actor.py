"""Who does something: a person, in a role, through a principal."""

from __future__ import annotations

from takedown.model import Frozen, Line
from takedown.states import Role


class Actor(Frozen):
    """The one who acts; stands in every custody event."""

    person: Line
    """The human being (or, for role `system`, the function). Four-eyes rules compare this field, never sessions."""
    role: Role
    principal: Line
    """The technical identity that was authenticated: an IAM ARN, or a function's name."""


def system_actor(function: str) -> Actor:
    """Return the actor for a step that no person takes, named after its function."""
    return Actor(person=f"system:{function}", role=Role.SYSTEM, principal=function)
