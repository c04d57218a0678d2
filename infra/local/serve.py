"""Runs the local cloud until Ctrl-C: ``python -m infra.local.serve`` (``make local``)."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from infra.local.cloud import LocalCloud, Options
from infra.local.example import the_case
from infra.local.lifetime import temporary_folder
from infra.local.marketplace import Marketplace
from infra.local.translate import DeployError

NOTICE = """\
This is a local cloud for development. Its state lives in memory and is gone when it stops.
Its signing key and its time stamps are throwaways: nothing sealed here is evidence.
"""


def describe(cloud: LocalCloud, shop: Marketplace, example: Path) -> str:
    """Return what a person needs to know to use it."""
    return f"""\
{NOTICE}
API               {cloud.api_url}
Outbox            {cloud.outbox_url}
Demo marketplace  {shop.url}  (acts on notices; captures may visit it)
Local AWS         {cloud.moto_url}  (region us-east-1, any credentials)
Logs              {cloud.log_dir}
Time-stamp root   {cloud.tsa_root_pem}
Signing key       {cloud.signing_key_fingerprint}  (SHA-256 of the public key)

Who you are is the token you send: {", ".join(cloud.principals)}.

  curl -s -H 'Authorization: Bearer dev-preparer' --json @{example} {cloud.api_url}/cases
  curl -s -H 'Authorization: Bearer dev-approver' {cloud.api_url}/cases

{cloud.api_url}/openapi.json describes the routes (send a token there too).
Ctrl-C stops it and leaves no process behind."""


def _options(arguments: argparse.Namespace, shop: Marketplace, deliver: Callable[[bytes], None]) -> Options:
    return Options(
        api_port=arguments.port,
        outbox_port=arguments.outbox_port,
        allow_hosts=(shop.host, *arguments.allow_host),
        parameters={"WatchPolicy": arguments.watch_policy},
        on_mail=deliver,
    )


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="of the API; 0 picks a free one (default: %(default)s)")
    parser.add_argument("--outbox-port", type=int, default=8401, help="of the outbox page (default: %(default)s)")
    parser.add_argument(
        "--allow-host", action="append", default=[], help="host:port that captures may visit on this machine"
    )
    parser.add_argument("--shop-port", type=int, default=8402, help="of the demo marketplace (default: %(default)s)")
    parser.add_argument(
        "--watch-policy", default="rehearsal", help="when listings are looked at again (default: %(default)s)"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is signal's
        stop.set()

    shop = Marketplace(port=arguments.shop_port)

    def deliver(raw: bytes) -> None:
        shop.receive(raw)

    try:
        with shop, LocalCloud(_options(arguments, shop, deliver)) as cloud, temporary_folder() as folder:
            example = folder / "case.json"
            example.write_text(json.dumps(the_case(shop), indent=2))
            # Only now: until it runs, a signal ends the start by way of every `finally`.
            signal.signal(signal.SIGINT, leave)
            signal.signal(signal.SIGTERM, leave)
            print(describe(cloud, shop, example), flush=True)
            stop.wait()
    except DeployError as error:
        print(f"The template cannot be deployed locally: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The local cloud cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
