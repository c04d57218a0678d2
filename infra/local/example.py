"""The case that the demo, the tests and ``make local`` open on the demo marketplace. Everybody in it is invented."""

from __future__ import annotations

from typing import Any

from infra.local.marketplace import AGENT_ADDRESS, AGENT_NAME, Marketplace

ITEMS = ("1001", "1002", "1003", "1004", "1006")
"""Removed as a 404; removed as a page that says so; behind a bot wall at first; never removed; broken."""


def the_case(shop: Marketplace) -> dict[str, Any]:
    """Return the body of ``POST /cases``."""
    return {
        "reference": "LLP-2026-017",
        "right": {
            "kind": "copyright",
            "title": "The Fox Who Kept the Moon (illustrations)",
            "description": "The illustrations of the picture book of that name, first published in Hamburg in 2019.",
            "work_url": "https://lantern-press.example/fox-moon",
            "jurisdiction": "US",
        },
        "rights_holder": {
            "name": "Little Lantern Press GmbH",
            "address": "12 Harbour Street, 20457 Hamburg, Germany",
            "phone": "+49 40 1234567",
            "email": "legal@lantern-press.example",
            "signatory": "Dr. Ida Stern",
            "signatory_title": "General Counsel",
        },
        "agents": [
            {
                "host": shop.host,
                "name": AGENT_NAME,
                "email": AGENT_ADDRESS,
                "source": "the shop's own legal page, read when the case was opened",
            }
        ],
        "listings": [{"url": shop.item_url(item)} for item in ITEMS],
    }
