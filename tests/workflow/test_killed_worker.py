"""A capture worker that is killed in the middle is retried, and leaves one outcome."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.client import Client, wait_for
from infra.local.cloud import LocalCloud
from infra.local.example import the_case
from infra.local.marketplace import Marketplace


def capture_workers() -> Iterator[int]:
    """Process ids of the workers of the capture function."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked
        if b"awslambdaric" in command and b"capture_page" in command:
            yield int(entry.name)


@pytest.mark.timeout(240)
def test_a_killed_capture_worker_is_retried_and_leaves_one_outcome(cloud: LocalCloud, shop: Marketplace) -> None:
    paula = Client(cloud.api_url, "dev-preparer")
    body = {**the_case(shop), "listings": [{"url": shop.item_url("1012")}]}
    looks_before = len(shop.looks.get("1012", ()))
    case = paula.post("/cases", body)
    # The page was asked for: the browser is at work, and nothing is sealed yet.
    wait_for(lambda: len(shop.looks.get("1012", ())) > looks_before or None, seconds=60, what="the visit", every=0.02)
    victims = list(capture_workers())
    assert victims
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    where = f"/cases/{case['case_id']}/listings"
    wait_for(lambda: paula.get(where)["listings"][0]["state"] != "REPORTED" or None, seconds=120, what="an outcome")
    (listing,) = paula.get(where)["listings"]
    whole = paula.get(f"{where}/{listing['listing_id']}")
    (capture,) = whole["captures"]
    assert capture["status"] in {"COMPLETE", "PARTIAL"}
    assert capture["attempt"] >= 1, "the first try was killed"
    events = paula.get(f"/cases/{case['case_id']}/timeline")["events"]
    assert len([event for event in events if event["action"] == "CAPTURE_SEALED"]) == 1
