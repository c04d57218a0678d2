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
from zoneinfo import available_timezones

import click
from pydantic import ValidationError
from rich.console import Console

from takedown import canonical
from takedown.actor import Actor
from takedown.adapters.chromium import BrowserSettings, DirectorySink, capture_page, write_new
from takedown.adapters.local_signer import LocalSigner
from takedown.adapters.system import new_id, utc_now
from takedown.adapters.timestamp_authority import HttpTimeStampAuthority, authorities
from takedown.capture import RECORD_NAME, CaptureOrder, CaptureResult
from takedown.errors import ConfigurationError, InputError, TakedownError
from takedown.guard.gate import AllowedHosts, allowed_hosts
from takedown.guard.resolver import SystemResolver
from takedown.limits import default_limits
from takedown.rooms import first_problem
from takedown.seal import StoredObject, StoredObjects
from takedown.sealing import Signer, seal_record
from takedown.states import Role

MOST_AUTHORITIES = 5
"""A seal of at most `SEAL_LIMIT` bytes has room for the gaps of so many, should none of them answer."""

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

    def capture(self, url: str, capture_id: str) -> tuple[CaptureResult, Path]:
        """Capture and seal one URL."""
        order = CaptureOrder(
            tenant=TENANT,
            case_id=CASE,
            listing_id=capture_id,
            capture_id=capture_id,
            url=url,
            purpose="one-shot",
            requested_by=self.person,
        )
        folder = self.folder(capture_id)
        result = capture_page(
            order,
            sink=DirectorySink(folder),
            resolver=SystemResolver(),
            limits=default_limits(),
            clock=utc_now,
            allow=self.allow,
            browser=self.browser,
        )
        self._seal(folder, capture_id)
        return result, folder

    def folder(self, capture_id: str) -> Path:
        """Say where a capture lies."""
        return self.out / capture_id

    def _seal(self, folder: Path, capture_id: str) -> None:
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
            write_new(folder / name, data)


@click.command("capture")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--out", metavar="DIR", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where each capture gets a folder of its own.")  # fmt: skip  # noqa: E501
@click.option("--allow-host", "allowed", metavar="HOST:PORT", multiple=True, help="Let exactly this one through the guard; the record says so.")  # fmt: skip  # noqa: E501
@click.option("--tsa", "tsas", metavar="[NAME=]URL", multiple=True, help="A time-stamp authority (RFC 3161); once for each, two independent ones for court use. One that is down is a gap in the seal.")  # fmt: skip  # noqa: E501
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
    Exit code 2: something in the call itself is wrong, and nothing was visited.
    The seal is signed with a key of this machine, made on first use in ~/.config/takedown or TAKEDOWN_HOME.
    """
    desk = _Desk(
        out=out,
        browser=_browser(locale, timezone, viewport, no_sandbox=no_sandbox),
        allow=allowed_hosts(*allowed),
        signer=_signer(),
        stampers=_stampers(tsas),
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
    capture_id = new_id()
    try:
        result, folder = desk.capture(url, capture_id)
    except (TakedownError, OSError) as error:
        # The visit never raises: what failed is this machine's disk, or the seal. Then there is no sealed record.
        detail = f"{type(error).__name__}: {error}"[:300]
        if desk.folder(capture_id).is_dir():
            detail += f"; what there is lies unsealed in {desk.folder(capture_id)}"
        nothing: dict[str, Any] = {
            "capture_id": None,
            "status": "FAILED",
            "outcome": None,
            "detail": detail,
            "flags": [],
            "dir": None,
        }
        return {"url": url, **nothing}, False
    told = result.model_dump(mode="json", include={"capture_id", "status", "outcome", "detail", "flags"})
    return {"url": url, **told, "dir": str(folder)}, True


def _browser(locale: str, timezone: str, viewport: str, *, no_sandbox: bool) -> BrowserSettings:
    size = re.fullmatch(r"(\d{1,4})x(\d{1,4})", viewport)
    if size is None:
        raise InputError("--viewport", f"{viewport!a} is not a size.", "Write it as 1280x800.")
    zones = available_timezones()
    if zones and timezone not in zones:  # a system without the database cannot tell; the browser has its own
        raise InputError("--timezone", f"{timezone!a} is no time zone.", "Write it as Europe/Berlin.")
    given = os.environ.get("CHROMIUM_PATH")
    path = next(filter(None, map(shutil.which, [given] if given else BROWSERS)), None)
    if given and path is None:
        raise ConfigurationError("CHROMIUM_PATH", f"{given!a} is no program.")
    try:
        return BrowserSettings(
            executable_path=path,
            sandbox=not no_sandbox and os.geteuid() != 0,  # Chromium refuses its sandbox to root
            viewport=(int(size[1]), int(size[2])),
            locale=locale,
            time_zone=timezone,
        )
    except ValidationError as error:
        raise _named(f"--{str(error.errors()[0]['loc'][0]).replace('_', '')}", first_problem(error)) from error


def _stampers(tsas: Sequence[str]) -> list[HttpTimeStampAuthority]:
    if len(tsas) > MOST_AUTHORITIES:
        raise InputError("--tsa", f"these are {len(tsas)} authorities; a seal has room for {MOST_AUTHORITIES}.")
    for tsa in tsas:
        try:
            if len(authorities(tsa)) != 1:
                raise InputError(
                    "--tsa", f"{tsa!a} is not one http(s) URL.", "Give the option once for each authority."
                )
        except ConfigurationError as error:
            raise _named("--tsa", error) from error
        except ValueError as error:
            raise InputError("--tsa", f"{tsa!a} is not a URL: {error}.") from error
    try:
        return authorities(" ".join(tsas))
    except ConfigurationError as error:
        raise _named("--tsa", error) from error


def _named(option: str, error: InputError) -> InputError:
    """Call a problem by the option in which the person wrote it."""
    return InputError(option, error.problem, error.remedy)


def _signer() -> LocalSigner:
    home = _home()
    try:
        return LocalSigner(home)
    except OSError as error:
        raise ConfigurationError(
            "TAKEDOWN_HOME", f"{str(home)!a} cannot hold the signing key ({error.strerror}).", "Name another folder."
        ) from error


def _home() -> Path:
    given = os.environ.get("TAKEDOWN_HOME")
    return Path(given) if given else Path.home() / ".config" / "takedown"


def _person() -> Actor:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        user = f"uid {os.getuid()}"
    return Actor(person=user, role=Role.PREPARER, principal=f"{user}@{platform.node() or 'localhost'}")


def _progress(console: Console, text: str) -> AbstractContextManager[object]:
    return console.status(text) if console.is_terminal else nullcontext()
