"""What the verifier found: named checks, each with its result and reason, and the verdict that follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Literal

from pydantic import Field

from takedown.errors import IntegrityError
from takedown.model import Document, Frozen


class Status(StrEnum):
    """Result of one check."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    SKIP = "skip"


class Verdict(StrEnum):
    """What all of it comes to."""

    VERIFIED = "verified"
    TAMPERED = "tampered or broken"
    TRUST_OPEN = "intact, trust not established"


EXIT_CODES = {Verdict.VERIFIED: 0, Verdict.TAMPERED: 1, Verdict.TRUST_OPEN: 2}
UNUSABLE = 3
"""Exit code for input that is no bundle at all."""


class Check(Frozen):
    """One check of one thing."""

    name: str
    """Stable: scripts may look for it."""
    subject: str
    """The file, capture or authority; empty where it is the whole bundle."""
    status: Status
    reason: str
    leaves_trust_open: bool = False
    """Of a skipped check: whether something from outside is needed to close it."""


class Report(Document):
    """The whole result; `takedown verify --json` prints it."""

    schema_: Literal["takedown.verification/1"] = Field("takedown.verification/1", alias="schema")
    bundle: str
    verdict: Verdict
    exit_code: int
    signing_key: str | None
    """Fingerprint of the key that signed the bundle, as found in it."""
    files: int
    withheld: int
    checks: list[Check]

    @property
    def failures(self) -> list[Check]:
        """The checks that failed, in order."""
        return [check for check in self.checks if check.status is Status.FAIL]


class Findings:
    """Collects checks while a bundle is read."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    @property
    def failed(self) -> bool:
        """Whether any check failed so far."""
        return any(check.status is Status.FAIL for check in self.checks)

    def passed(self, name: str, subject: str = "", reason: str = "") -> None:
        """Record that something holds."""
        self.checks.append(Check(name=name, subject=subject, status=Status.PASS, reason=reason))

    def fail(self, name: str, subject: str, reason: str) -> None:
        """Record that something does not hold."""
        self.checks.append(Check(name=name, subject=subject, status=Status.FAIL, reason=reason))

    def skip(self, name: str, subject: str, reason: str, *, leaves_trust_open: bool = False) -> None:
        """Record that something could not be judged."""
        self.checks.append(
            Check(name=name, subject=subject, status=Status.SKIP, reason=reason, leaves_trust_open=leaves_trust_open)
        )

    @contextmanager
    def check(self, name: str, subject: str = "", reason: str = "") -> Iterator[None]:
        """Pass where the block ends, fail with the reason where it raises `IntegrityError`."""
        try:
            yield
        except IntegrityError as error:
            self.fail(name, subject, str(error))
        else:
            self.passed(name, subject, reason)

    def report(self, bundle: str, *, signing_key: str | None, files: int, withheld: int) -> Report:
        """Draw the verdict."""
        verdict = Verdict.VERIFIED
        if any(check.leaves_trust_open for check in self.checks):
            verdict = Verdict.TRUST_OPEN
        if self.failed:
            verdict = Verdict.TAMPERED
        return Report(
            bundle=bundle,
            verdict=verdict,
            exit_code=EXIT_CODES[verdict],
            signing_key=signing_key,
            files=files,
            withheld=withheld,
            checks=self.checks,
        )
