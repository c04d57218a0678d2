"""A capture: one visit to one page. What is ordered, what comes back, and the record of it (`capture.json`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from takedown.actor import Actor
from takedown.model import Document, Frozen, Id, Sha256Hex, Sha512Hex, Timestamp
from takedown.states import CaptureOutcome, CaptureStatus

Purpose = Literal["infringement", "removal", "one-shot"]
"""Why the page is visited: to show the infringement, to prove a removal, or by hand on a laptop."""

ArtifactPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}(/[a-z0-9][a-z0-9._-]{0,99})?$")]
"""A name of ours inside a capture, at most one folder deep. Never built from page content."""


class CaptureOrder(Frozen):
    """The event of `CapturePage`: ids, the URL, and which try this is."""

    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    url: str
    purpose: Purpose
    requested_by: Actor
    """The person whose request led to this visit."""
    attempt: Annotated[int, Field(ge=0)] = 0
    """`$$.State.RetryCount`: each try writes under its own prefix, so no try can overwrite another."""

    @property
    def prefix(self) -> str:
        """Where this try's objects go: ``<tenant>/<case>/captures/<capture>/<attempt>/``."""
        return f"{capture_prefix(self.tenant, self.case_id, self.capture_id)}{self.attempt}/"


class CaptureResult(Frozen):
    """What `CapturePage` returns, and the event of `SealCapture`. Observations stay in the stored objects."""

    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    attempt: int
    status: CaptureStatus
    outcome: CaptureOutcome
    detail: str
    """The net error, HTTP status, policy reason or media kind behind the outcome; at most 300 characters."""
    flags: list[str]
    record_sha256: Sha256Hex
    """Of `capture.json` as it was written."""


class Artifact(Frozen):
    """One stored file of a capture."""

    path: ArtifactPath
    media_type: str
    bytes: int
    sha256: Sha256Hex
    sha512: Sha512Hex
    role: Literal["original", "derivative"]


class Step(Frozen):
    """One named step of a capture."""

    name: str
    status: Literal["done", "failed", "skipped"]
    started_at: Timestamp
    ended_at: Timestamp
    reason: str = ""


class Exchange(Frozen):
    """One response on the way to the page. A redirect carries no body, and says so."""

    url: str
    status: int
    status_text: str
    headers: list[tuple[str, str]]
    """As the browser reports them, duplicates kept."""
    body: Literal["stored", "redirect: no body", "none", "not obtained"]


class Provenance(Frozen):
    """With what the page was seen."""

    software: str
    """``takedown <version>``."""
    image_digest: str | None
    browser: str
    """Product and version as the browser itself reports it."""
    playwright: str
    user_agent: str
    viewport: tuple[int, int]
    locale: str
    time_zone: str
    launch_arguments: list[str]
    allowed_hosts: list[str]
    """Local addresses that were let through the guard by hand; empty in ordinary use."""
    clock_source: str


class CaptureRecord(Document):
    """`capture.json`: observations only. Verdicts, rules and scores are opinion and live elsewhere."""

    schema_: Literal["takedown.capture/1"] = Field("takedown.capture/1", alias="schema")
    tenant: Id
    case_id: Id
    listing_id: Id
    capture_id: Id
    attempt: int
    purpose: Purpose
    requested_by: Actor
    requested_url: str
    """As ordered."""
    visited_url: str | None
    """What was handed to the browser: the guard's canonical form; null where the guard refused."""
    final_url: str | None
    """What the main response answered for; null where no page was obtained."""
    started_at: Timestamp
    ended_at: Timestamp
    status: CaptureStatus
    outcome: CaptureOutcome
    detail: str
    flags: list[str]
    main_response: Exchange | None
    redirects: list[Exchange]
    """The redirect responses before it, first first."""
    guard: list[str]
    """The guard's decisions about the addresses of this visit, in order."""
    steps: list[Step]
    provenance: Provenance
    artifacts: list[Artifact]
    """Every file of this capture except `capture.json` itself."""


RECORD_NAME = "capture.json"


def capture_prefix(tenant: str, case_id: str, capture_id: str) -> str:
    """Where a capture's tries are stored; the capture function may write below here and nowhere else."""
    return f"{tenant}/{case_id}/captures/{capture_id}/"


def seal_prefix(tenant: str, case_id: str, capture_id: str) -> str:
    """Where a capture's seal is stored; the capture function cannot write here."""
    return f"{tenant}/{case_id}/seals/{capture_id}/"


ARTIFACT_NAMES: frozenset[str] = frozenset(
    {
        RECORD_NAME,
        "screenshot-viewport.png",
        "screenshot-full.png",
        "page.html",
        "text.txt",
        "response-body.bin",
        "response-headers.json",
        "requests.jsonl",
        "console.jsonl",
    }
)
"""Every path that a capture may write, and none of a seal's: whatever a page does to its visitor, the set is closed."""
