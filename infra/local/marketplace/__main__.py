"""``python -m infra.local.marketplace``: serve the demo marketplace until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import threading

from infra.local.marketplace.mail import AGENT_ADDRESS
from infra.local.marketplace.products import load_products
from infra.local.marketplace.server import Marketplace


def main() -> None:
    """Serve, and say where."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.marketplace", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--moderation-delay", type=float, default=1.5, help="seconds from a notice to the removal")
    options = parser.parse_args()
    with Marketplace(port=options.port, moderation_delay=options.moderation_delay) as shop:
        print(f"Bazaar of Wonders  {shop.url}/   notices to {AGENT_ADDRESS}", flush=True)
        for product in load_products():
            print(f"  {shop.item_url(product.id)}  {product.behaviour.kind:<18}  {product.title}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
