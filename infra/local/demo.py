"""The main job, end to end, on the local cloud: ``python -m infra.local.demo`` (``make demo``).

A case on five listings of the demo marketplace, from ``POST /cases`` to a verified bundle. Everything that happens
goes through the API as a user would; the marketplace and the clock are not told anything.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import urllib3
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.local.client import ApiError, Client, wait_for
from infra.local.cloud import ROOT, LocalCloud, Options
from infra.local.example import the_case
from infra.local.marketplace import Marketplace

OUT = ROOT / "out" / "demo"
KEY = "demo"
UNDER_WAY = {"REPORTED", "CAPTURED"}
FINAL = {"REMOVED"}
PATIENCE = 150
"""Seconds for each stage: far more than it takes, far less than a person would wait."""

console = Console(highlight=False)


class DemoError(RuntimeError):
    """The story cannot go on; one line says why."""


def say(line: str) -> None:
    """Print one line of the story."""
    console.print(Text(f"  {line}"))


def headline(line: str) -> None:
    """Print the name of a stage."""
    console.print(f"\n[bold]{line}[/bold]")


class Demo:
    """One run of the story."""

    def __init__(self, cloud: LocalCloud, shop: Marketplace, out: Path = OUT) -> None:
        self.out = out
        """Where the bundle and what establishes trust in it go."""
        self.cloud = cloud
        self.shop = shop
        self.paula = Client(cloud.api_url, "dev-preparer")
        self.amir = Client(cloud.api_url, "dev-approver")
        self.case_id = ""
        self.ever: dict[str, set[str]] = {}
        """What each listing was ever called, by its URL: nothing walled may be among the removed."""

    def run(self) -> Path:
        """Tell it; return the bundle."""
        self.open_case()
        self.approve()
        self.watch()
        return self.bundle()

    def path(self, rest: str = "") -> str:
        """Return a path below the case."""
        return f"/cases/{self.case_id}{rest}"

    def listings(self) -> list[dict[str, Any]]:
        """Read the listings, and remember what each is called."""
        found: list[dict[str, Any]] = self.paula.all(self.path("/listings"), "listings")
        for item in found:
            self.ever.setdefault(item["url"], set()).add(item["state"])
        return found

    def open_case(self) -> None:
        """Open the case, and wait until every listing is captured or has failed."""
        headline("1  Paula opens a case on five listings")
        case = self.paula.post("/cases", the_case(self.shop), **{"Idempotency-Key": KEY})
        self.case_id = case["case_id"]
        say(f"POST /cases -> case {self.case_id}, {case['listings']} listings")
        same = self.paula.post("/cases", the_case(self.shop), **{"Idempotency-Key": KEY})
        say(f"the same request again -> the same case, run once: {same['case_id'] == self.case_id}")
        headline("2  Each listing is captured, sealed and judged; one that fails does not stop the others")
        told: set[str] = set()

        def captured() -> list[dict[str, Any]] | None:
            found = self.listings()
            for item in found:
                if item["state"] != "REPORTED" and item["url"] not in told:
                    told.add(item["url"])
                    say(f"{item['url']}  {item['state']}  {item['failure'] or item['observed_status'] or ''}")
            # They are registered after the API has answered: none there yet is not all of them done.
            done = len(found) == case["listings"] and all(item["state"] not in UNDER_WAY for item in found)
            return found if done else None

        found = wait_for(captured, seconds=PATIENCE, what="every listing to be captured and drafted")
        if all(item["state"] == "CAPTURE_FAILED" for item in found):
            raise DemoError(f"nothing was captured; the first listing says: {found[0]['failure']}")

    def approve(self) -> None:
        """Read the notice, be refused as its preparer, approve it as a second person."""
        headline("3  A notice is drafted; nothing leaves before a second person has approved its exact text")
        (notice,) = self.paula.get(self.path("/notices"))["notices"]
        say(f"{notice['text']['subject']}")
        say(f"to {notice['text']['recipient']}, {len(notice['listing_ids'])} listings, digest {notice['digest'][:16]}…")
        answer = {"digest": notice["digest"], "confirmed": [point["point"] for point in notice["checklist"]]}
        where = self.path(f"/notices/{notice['notice_id']}/approval")
        try:
            self.paula.post(where, answer)
        except ApiError as error:
            say(f"Paula, who prepared it, tries to approve: {error}")
        else:
            raise RuntimeError("the preparer could approve her own notice")
        sent_before = len(self.shop.received)
        self.amir.post(where, answer)
        say("Amir reads it, confirms the checklist and approves")
        wait_for(
            lambda: self.paula.get(self.path(f"/notices/{notice['notice_id']}"))["state"] == "SENT" or None,
            seconds=PATIENCE,
            what="the notice to be sent",
        )
        say(f"sent; the marketplace received {len(self.shop.received) - sent_before} mail")

    def watch(self) -> None:
        """Follow the watches until each listing is removed or said to be still up."""
        headline("4  The watches: a removal is two proven readings; a wall proves nothing; what stays up is said")
        told: set[tuple[str, ...]] = set()

        def settled() -> bool | None:
            found = [item for item in self.listings() if item["notice_id"]]
            for item in found:
                line = (
                    item["url"],
                    item["state"],
                    str(item["observed_status"]),
                    "escalated" * bool(item["escalated_at"]),
                )
                if line not in told:
                    told.add(line)
                    say("  ".join(line))
            return all(item["state"] in FINAL or item["escalated_at"] for item in found) or None

        wait_for(settled, seconds=PATIENCE, what="every watch to come to its end")

    def bundle(self) -> Path:
        """Ask for the bundle, wait for it, fetch it."""
        headline("5  The bundle")
        asked = self.amir.post(self.path("/bundles"))

        def ready() -> dict[str, Any] | None:
            found: dict[str, Any] = self.amir.get(self.path(f"/bundles/{asked['bundle_id']}"))
            if found["state"] == "FAILED":
                raise RuntimeError(f"the bundle failed: {found['failure']}")
            return found if found["state"] == "READY" else None

        request = wait_for(ready, seconds=PATIENCE, what="the bundle")
        shutil.rmtree(self.out, ignore_errors=True)
        (self.out / "trust").mkdir(parents=True)
        target = self.out / str(request["name"])
        answer = urllib3.request("GET", request["download_url"], retries=False, preload_content=False)
        with target.open("xb") as file:
            shutil.copyfileobj(answer, file)
        shutil.copy(self.cloud.tsa_root_pem, self.out / "trust" / "development-tsa-root.pem")
        (self.out / "trust" / "key-fingerprint.txt").write_text(self.cloud.signing_key_fingerprint + "\n")
        say(f"{target.relative_to(self.out.parent)}  {request['bytes']:,} bytes  SHA-256 {request['sha256']}")
        return target

    def results(self) -> Table:
        """Return what came of each listing, as a table."""
        table = Table(title="What came of it", title_justify="left", header_style="bold", expand=False)
        for column in ("listing", "verdict", "first seen removed (UTC)", "evidence"):
            table.add_column(column, overflow="fold")
        for item in self.listings():
            evidence = ["capture " + item["capture_id"][:12]] if item["state"] != "CAPTURE_FAILED" else []
            evidence += [f"removal {capture[:12]}" for capture in item["removal_captures"]]
            verdict = "REMOVED" if item["state"] == "REMOVED" else str(item["observed_status"] or item["state"])
            if item["escalated_at"]:
                verdict += " (still up at the escalation point)"
            if item["state"] == "CAPTURE_FAILED":
                verdict = f"not captured: {item['failure']}"
            cells = (item["url"], verdict, item["first_removed_at"] or "", "\n".join(evidence))
            table.add_row(*(Text(cell) for cell in cells))
        return table


def verify(bundle: Path) -> int:
    """Verify the bundle with the command that an opponent would use, trust given from outside."""
    fingerprint = (OUT / "trust" / "key-fingerprint.txt").read_text().strip()
    command = [
        str(Path(sys.executable).with_name("takedown")),
        "verify",
        str(bundle.relative_to(ROOT)),
        "--root",
        str((OUT / "trust" / "development-tsa-root.pem").relative_to(ROOT)),
        "--key-fingerprint",
        fingerprint,
    ]
    headline("6  Verified, offline, with trust from outside the bundle")
    say("takedown " + " ".join(command[1:]))
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command, our own file


def main() -> int:
    """Run the story once."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
    started = time.monotonic()
    with Marketplace(moderation_delay=1.5) as shop:
        options = Options(
            allow_hosts=[shop.host], parameters={"WatchPolicy": "rehearsal"}, on_mail=lambda raw: _deliver(shop, raw)
        )
        console.print(
            "Takedown on this machine: the shipped template, state machines and functions, and a demo marketplace.\n"
            "Its keys and time stamps are throwaways. Nothing sealed here is evidence."
        )
        with LocalCloud(options) as cloud:
            demo = Demo(cloud, shop)
            try:
                bundle = demo.run()
            except (DemoError, TimeoutError, ApiError) as error:
                print(f"The demo failed: {error}", file=sys.stderr)
                return 1
            console.print()
            console.print(demo.results())
    code = verify(bundle)
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(OUT)  # the verifier refused absolute and climbing names
    page = next(OUT.glob("*/data/README.html"))
    console.print(f"\nLook at it: {page.relative_to(ROOT)}   ({time.monotonic() - started:.0f} s)")
    return code


def _deliver(shop: Marketplace, raw: bytes) -> None:
    shop.receive(raw)


if __name__ == "__main__":
    sys.exit(main())
