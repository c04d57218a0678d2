"""Captures with a real Chromium against a site on loopback."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from takedown import canonical
from takedown.actor import Actor
from takedown.adapters.chromium import BrowserSettings, DirectorySink, capture_page
from takedown.adapters.system import new_id, utc_now
from takedown.capture import CaptureOrder, CaptureRecord, CaptureResult
from takedown.guard.gate import allowed_hosts
from takedown.guard.resolver import StaticResolver
from takedown.limits import default_limits
from takedown.states import Role
from tests.browser.hostile_site import HostileSite

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")


@dataclass(frozen=True)
class Captured:
    """What one capture returned and left behind."""

    result: CaptureResult
    record: CaptureRecord
    folder: Path

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def step(self, name: str) -> str:
        return next(f"{step.status}: {step.reason}" for step in self.record.steps if step.name == name)


Capture = Callable[..., Captured]


@pytest.fixture(scope="session")
def hostile() -> Iterator[HostileSite]:
    with HostileSite() as site:
        yield site


@pytest.fixture
def site(hostile: HostileSite) -> HostileSite:
    hostile.asked.clear()
    return hostile


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def visit(site: HostileSite, url: str, folder: Path, *, allow: tuple[str, ...] = (), **limits: float) -> Captured:
    """Capture one URL into a new folder; keywords are limits."""
    capture_id = new_id()
    order = CaptureOrder(
        tenant="default",
        case_id="case1",
        listing_id="listing1",
        capture_id=capture_id,
        url=url,
        purpose="infringement",
        requested_by=Actor(person="Ada", role=Role.PREPARER, principal="test"),
    )
    result = capture_page(
        order,
        sink=DirectorySink(folder / capture_id),
        resolver=StaticResolver({}),
        limits=default_limits().model_copy(update={"quiet_seconds": 0.2, **limits}),
        clock=utc_now,
        allow=allowed_hosts(site.host, *allow),
        browser=BrowserSettings(executable_path=CHROMIUM),
    )
    data = (folder / capture_id / "capture.json").read_bytes()
    assert canonical.sha256(data) == result.record_sha256
    return Captured(result, CaptureRecord.model_validate(canonical.loads(data)), folder / capture_id)


@pytest.fixture
def capture(site: HostileSite, tmp_path: Path) -> Capture:
    """Capture a path of the site, or a URL; keywords are limits."""

    def take(where: str, *, allow: tuple[str, ...] = (), **limits: float) -> Captured:
        url = site.url + where if where.startswith("/") else where
        return visit(site, url, tmp_path, allow=allow, **limits)

    return take
