"""The sample of hostile and harmless URLs: the right verdict, each for its own reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from takedown.guard.gate import gate
from takedown.guard.judge_url import check
from takedown.guard.policy import IPAddress
from takedown.guard.resolver import StaticResolver

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "ssrf_cases.json").read_text("utf-8"))

# Where a row's redirect starts or leads to; the row itself says only where.
HOPS: Mapping[str, list[str]] = {
    "example.com": ["93.184.216.34"],
    "www.example.com": ["93.184.216.34"],
    "rebind.example.com": ["93.184.216.34", "127.0.0.1"],
}

OWN_REASON = {
    "R108": "authority_percent",
    "R109": "authority_percent",
    "R110": "url_unreadable",
    "R112": "url_unreadable",
    "R122": "name_loopback",
    "R123": "name_loopback",
    "R125": "authority_percent",
    "R126": "authority_percent",
    "R127": "authority_percent",
    "R129": "authority_percent",
    "R142": "authority_credentials",
    "R143": "authority_credentials",
    "R144": "authority_percent",
    "R146": "url_form",
    "R149": "url_form",
    "R150": "url_form",
    "R152": "url_control_character",
    "R153": "url_control_character",
    "R154": "url_control_character",
    "R155": "url_form",
    "R156": "url_form",
    "R157": "url_form",
    "R159": "url_form",
    "R162": "host_empty_label",
    "R163": "host_empty_label",
    "R175": "url_scheme",
    "R176": "url_scheme",
    "R177": "url_scheme",
    "R180": "url_scheme",
    "R182": "url_scheme",
    "R183": "url_scheme",
    "R185": "url_scheme",
    "R186": "url_scheme",
    "R196": "url_scheme",
    "R197": "url_scheme",
    "R198": "url_scheme",
    "R200": "url_scheme",
    "R202": "name_loopback",
    "R203": "name_loopback",
    "R209": "name_private",
    "R213": "name_private",
    "R216": "name_private",
    "R218": "name_special_use",
    "R219": "name_special_use",
    "R220": "name_special_use",
    "R221": "name_private",
    "R222": "name_cluster",
    "R223": "name_infrastructure",
    "R227": "address_metadata",
    "R233": "port_refused",
    "R235": "port_refused",
    "R239": "address_cloud",
    "R250": "url_unreadable",
    "R251": "url_unreadable",
    "R252": "url_unreadable",
    "R260": "address_private",
    "R262": "address_metadata",
    "R263": "address_metadata",
    "R264": "address_metadata",
    "R265": "address_tunnel",
    "R266": "address_multicast",
    "R268": "address_cloud",
    "R269": "address_private",
    "R270": "dns_not_found",
    "R275": "hop 2: port_refused",
    "R276": "hop 2: url_scheme",
    "R278": "hop 2: address_metadata",
    "R280": "hop 2: name_loopback",
    "R282": "hop 2: address_loopback",
    "R283": "hop 2: port_refused",
    "R295": "url_too_long",
    "R297": "host_too_long",
    "R298": "url_control_character",
}


class NothingUntold(StaticResolver):
    """Answers only what the row tells: a refusal because DNS was absent would be the wrong reason."""

    def resolve(self, host: str) -> tuple[IPAddress, ...]:
        assert host in self._table, f"the guard asked DNS for {host}, which the row does not tell"
        return super().resolve(host)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_row_of_the_sample_is_judged_for_its_own_reason(row: dict[str, Any]) -> None:
    if row.get("phase") == "subresource":
        pytest.skip("a request that a loaded page makes: the browser lab's case, not the gate's")
    table = {row["chromium_host"]: row["resolve"]} if "resolve" in row else {}
    redirects = {}
    if "redirects_to" in row:
        table |= HOPS
        redirects = {row["url"]: row["redirects_to"]}

    verdict = check(row["url"], NothingUntold(table), redirects)

    assert verdict.decision == row["expected"], verdict.reason
    assert len(verdict.hops) == len(redirects) + 1
    if row["expected"] == "refuse":
        assert verdict.reason.rpartition(": ")[0].startswith(OWN_REASON[row["id"]]), verdict.reason
        assert verdict.retryable == (OWN_REASON[row["id"]] == "dns_not_found")


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["expected"] == "allow"], ids=lambda row: f"{row['id']}-{row['why']}"
)
def test_what_is_allowed_goes_to_the_browser_as_the_browser_would_write_it(row: dict[str, Any]) -> None:
    gated = gate(row["url"])
    assert (gated.href, gated.host) == (row["chromium_href"], row["chromium_host"])
