"""Finds a Chromium for captures, or gets one: ``python -m infra.local.ensure_chromium``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PLAYWRIGHT_FOLDERS = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PLAYWRIGHT_BINARIES = ("chrome-linux*/chrome", "chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
INSTALL_SECONDS = 900


def find() -> Path | None:
    """Return the browser to use: TAKEDOWN_CHROMIUM, else one on PATH, in a usual place, or of Playwright's."""
    asked = os.environ.get("TAKEDOWN_CHROMIUM")
    if asked:
        return Path(asked) if _usable(Path(asked)) else None
    return next((path for path in _candidates() if _usable(path)), None)


def _candidates() -> Iterator[Path]:
    for name in NAMES:
        if on_path := shutil.which(name):
            yield Path(on_path)
    yield from map(Path, PLACES)
    for folder in (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), *PLAYWRIGHT_FOLDERS):
        for binary in PLAYWRIGHT_BINARIES if folder else ():
            # The highest revision: the one that the installed Playwright downloaded last.
            found = Path(folder).expanduser().glob(f"chromium-*/{binary}")
            yield from sorted(found, key=lambda path: (len(str(path)), str(path)), reverse=True)


def _usable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _run(command: list[str], failures: list[str]) -> bool:
    """Run an installer; keep in one line why it failed."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        failures.append(f"{Path(command[0]).name}: {error}")
        return False
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        failures.append(f"{' '.join(command[1:])}: exit status {done.returncode} {' '.join(last)}".strip())
    return done.returncode == 0


def install(failures: list[str]) -> Path | None:
    """Get a Chromium from Playwright, else from Debian; return it, or add to `failures` why not."""
    _run([sys.executable, "-m", "playwright", "install", "chromium"], failures)
    if found := find():
        return found
    apt = shutil.which("apt-get")
    if apt is None:
        return None
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if _run([*prefix, apt, "update", "-q"], failures):
        _run([*prefix, apt, "install", "-y", "-q", "--no-install-recommends", "chromium"], failures)
    return find()


def main() -> int:
    """Print the path of the browser; 1 when there is none to be had."""
    asked = os.environ.get("TAKEDOWN_CHROMIUM")
    if asked and find() is None:
        print(f"TAKEDOWN_CHROMIUM names {asked}, which is not an executable file.", file=sys.stderr)
        return 1
    failures: list[str] = []
    found = find() or install(failures)
    if found is None:
        why = f" ({'; '.join(failures)})" if failures else ""
        print(f"No Chromium: install one and set TAKEDOWN_CHROMIUM to its path{why}.", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
