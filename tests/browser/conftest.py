"""Captures with a real Chromium against a site on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

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
    seconds: float
    """How long it took."""

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


def visit(
    site: HostileSite, url: str, folder: Path, *, limits: Mapping[str, float], allow: tuple[str, ...] = ()
) -> Captured:
    """Capture one URL into a new folder."""
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
    began = time.monotonic()
    result = capture_page(
        order,
        sink=DirectorySink(folder / capture_id),
        resolver=StaticResolver({}),
        limits=default_limits().model_copy(update={"quiet_seconds": 0.1, **limits}),
        clock=utc_now,
        allow=allowed_hosts(site.host, *allow),
        browser=BrowserSettings(executable_path=CHROMIUM),
    )
    seconds = time.monotonic() - began
    data = (folder / capture_id / "capture.json").read_bytes()
    assert canonical.sha256(data) == result.record_sha256
    return Captured(result, CaptureRecord.model_validate(canonical.loads(data)), folder / capture_id, seconds)


Pages = Mapping[str, Mapping[str, float]]
"""Paths of the site, in the order of the tests, each with limits of its own."""


class Album:
    """Captures of one module's pages, each once.

    A capture is half waiting, so the pages of the next tests are captured beside the one that is asked for. It is left
    to tests that only read what a capture brought home; whoever watches the machine takes a `capture` of his own.
    """

    AHEAD = 2

    def __init__(self, site: HostileSite, folder: Path, pages: Pages) -> None:
        self._site = site
        self._folder = folder
        self._pages = pages
        self._pool = ThreadPoolExecutor(self.AHEAD)
        self._captures: dict[str, Future[Captured]] = {}

    def __call__(self, where: str) -> Captured:
        first = list(self._pages).index(where)
        for path in list(self._pages)[first : first + 1 + self.AHEAD]:
            if path not in self._captures:
                url = self._site.url + path
                self._captures[path] = self._pool.submit(visit, self._site, url, self._folder, limits=self._pages[path])
        return self._captures[where].result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def album(
    hostile: HostileSite, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Album]:
    """Captures of the module's `PAGES`."""
    with Album(hostile, tmp_path_factory.mktemp("album"), request.module.PAGES) as taken:
        yield taken


@pytest.fixture
def capture(site: HostileSite, tmp_path: Path) -> Capture:
    """Capture a path of the site, or a URL; keywords are limits."""

    def take(where: str, *, allow: tuple[str, ...] = (), **limits: float) -> Captured:
        url = site.url + where if where.startswith("/") else where
        return visit(site, url, tmp_path, limits=limits, allow=allow)

    return take
