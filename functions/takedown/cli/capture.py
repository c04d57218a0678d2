"""`takedown capture`: a sealed capture on this machine, without a cloud."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console

from takedown import canonical
from takedown.actor import Actor
from takedown.adapters.chromium import BrowserSettings, DirectorySink, capture_page
from takedown.adapters.local_signer import LocalSigner
from takedown.adapters.system import new_id, utc_now
from takedown.adapters.timestamp_authority import HttpTimeStampAuthority, authorities
from takedown.capture import RECORD_NAME, CaptureOrder, CaptureResult
from takedown.errors import InputError, TakedownError
from takedown.guard.gate import AllowedHosts, allowed_hosts
from takedown.guard.resolver import SystemResolver
from takedown.limits import default_limits
from takedown.rooms import first_problem
from takedown.seal import StoredObject, StoredObjects
from takedown.sealing import Signer, seal_record
from takedown.states import Role

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TENANT, CASE = "local", "oneshot"


@dataclass(frozen=True)
class _Desk:
    """What all captures of one call share."""

    out: Path
    browser: BrowserSettings
    allow: AllowedHosts
    signer: Signer
    stampers: Sequence[HttpTimeStampAuthority]
    person: Actor

    def capture(self, url: str) -> tuple[CaptureResult, Path]:
        """Capture and seal one URL."""
        capture_id = new_id()
        order = CaptureOrder(
            tenant=TENANT,
            case_id=CASE,
            listing_id=capture_id,
            capture_id=capture_id,
            url=url,
            purpose="one-shot",
            requested_by=self.person,
        )
        folder = self.out / capture_id
        sink = DirectorySink(folder)
        result = capture_page(
            order,
            sink=sink,
            resolver=SystemResolver(),
            limits=default_limits(),
            clock=utc_now,
            allow=self.allow,
            browser=self.browser,
        )
        self._seal(folder, sink, capture_id)
        return result, folder

    def _seal(self, folder: Path, sink: DirectorySink, capture_id: str) -> None:
        """Seal what the disk holds now, not what was meant to be written."""
        names = sorted(path.name for path in folder.iterdir())
        contents = {name: (folder / name).read_bytes() for name in names}
        stored = StoredObjects(
            capture_id=capture_id,
            attempt=0,
            objects=[
                StoredObject(
                    path=name,
                    key=f"{capture_id}/{name}",
                    version_id="unversioned",
                    bytes=len(data),
                    sha256=canonical.sha256(data),
                    sha512=canonical.sha512(data),
                )
                for name, data in contents.items()
            ],
            other_attempts=[],
        )
        files = seal_record(
            contents[RECORD_NAME], stored, authorities=self.stampers, signer=self.signer, sealed_at=utc_now()
        )
        for name, data in files.items():
            sink.put(name, data, "application/octet-stream")


@click.command("capture")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--out", metavar="DIR", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where each capture gets a folder of its own.")  # fmt: skip  # noqa: E501
@click.option("--allow-host", "allowed", metavar="HOST:PORT", multiple=True, help="Let exactly this one through the guard; the record says so.")  # fmt: skip  # noqa: E501
@click.option("--tsa", "tsas", metavar="[NAME=]URL", multiple=True, help="A time-stamp authority (RFC 3161). Two independent ones for court use.")  # fmt: skip  # noqa: E501
@click.option("--locale", metavar="TAG", default="en-US", show_default=True, help="Language that the browser asks for.")
@click.option("--timezone", metavar="ZONE", default="UTC", show_default=True, help="Time zone that the browser shows.")
@click.option("--viewport", metavar="WxH", default="1280x800", show_default=True, help="Size of the window in pixels.")
@click.option("--no-sandbox", is_flag=True, help="Run without Chromium's sandbox, where it cannot work; the record says so.")  # fmt: skip  # noqa: E501
def capture(
    urls: tuple[str, ...],
    *,
    out: Path,
    allowed: tuple[str, ...],
    tsas: tuple[str, ...],
    locale: str,
    timezone: str,
    viewport: str,
    no_sandbox: bool,
) -> None:
    """Capture and seal each URL, and say in one line of JSON what came of it.

    Exit code 0: there is a sealed record of every URL, whatever the pages did (a refused URL has one, too); else 1.
    The seal is signed with a key of this machine, made on first use in ~/.config/takedown or TAKEDOWN_HOME.
    """
    desk = _Desk(
        out=out,
        browser=_browser(locale, timezone, viewport, no_sandbox=no_sandbox),
        allow=allowed_hosts(*allowed),
        signer=LocalSigner(_home()),
        stampers=authorities(" ".join(tsas)),
        person=_person(),
    )
    console = Console(stderr=True)
    missing = 0
    for number, url in enumerate(urls, 1):
        with _progress(console, f"{number}/{len(urls)} {ascii(url)[1:-1]}"):
            line, written = _line(desk, url)
        click.echo(json.dumps(line, ensure_ascii=True))
        missing += not written
    if missing:
        click.get_current_context().exit(1)


def _line(desk: _Desk, url: str) -> tuple[dict[str, Any], bool]:
    try:
        result, folder = desk.capture(url)
    except (TakedownError, OSError) as error:
        # The visit never raises: what failed is this machine's disk, or the seal. Then there is no sealed record.
        failed: dict[str, Any] = {"capture_id": None, "status": "FAILED", "outcome": None, "flags": [], "dir": None}
        return {"url": url, **failed, "detail": f"{type(error).__name__}: {error}"[:300]}, False
    told = result.model_dump(mode="json", include={"capture_id", "status", "outcome", "detail", "flags"})
    return {"url": url, **told, "dir": str(folder)}, True


def _browser(locale: str, timezone: str, viewport: str, *, no_sandbox: bool) -> BrowserSettings:
    size = re.fullmatch(r"(\d{1,4})x(\d{1,4})", viewport)
    if size is None:
        raise InputError("--viewport", f"{viewport!a} is not a size.", "Write it as 1280x800.")
    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        return BrowserSettings(
            executable_path=path,
            sandbox=not no_sandbox and os.geteuid() != 0,  # Chromium refuses its sandbox to root
            viewport=(int(size[1]), int(size[2])),
            locale=locale,
            time_zone=timezone,
        )
    except ValidationError as error:
        raise first_problem(error) from error


def _home() -> Path:
    given = os.environ.get("TAKEDOWN_HOME")
    return Path(given) if given else Path.home() / ".config" / "takedown"


def _person() -> Actor:
    user = getpass.getuser()
    return Actor(person=user, role=Role.PREPARER, principal=f"{user}@{platform.node() or 'localhost'}")


def _progress(console: Console, text: str) -> AbstractContextManager[object]:
    return console.status(text) if console.is_terminal else nullcontext()
