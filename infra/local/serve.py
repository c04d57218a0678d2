"""Runs the local cloud until Ctrl-C: ``python -m infra.local.serve`` (``make local``)."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from types import FrameType

from infra.local.cloud import LocalCloud, Options
from infra.local.translate import DeployError

NOTICE = """\
This is a local cloud for development. Its state lives in memory and is gone when it stops.
Its signing key and its time stamps are throwaways: nothing sealed here is evidence.
"""


def describe(cloud: LocalCloud) -> str:
    """Return what a person needs to know to use it."""
    return f"""\
{NOTICE}
API               {cloud.api_url}
Outbox            {cloud.outbox_url}
Local AWS         {cloud.moto_url}  (region us-east-1, any credentials)
Logs              {cloud.log_dir}
Time-stamp root   {cloud.tsa_root_pem}
Signing key       {cloud.signing_key_fingerprint}  (SHA-256 of the public key)

Who you are is the token you send: {", ".join(cloud.principals)}.

  curl -s -H 'Authorization: Bearer dev-preparer' {cloud.api_url}/cases

Ctrl-C stops it and leaves no process behind."""


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="of the API; 0 picks a free one (default: %(default)s)")
    parser.add_argument("--outbox-port", type=int, default=8401, help="of the outbox page (default: %(default)s)")
    parser.add_argument(
        "--allow-host", action="append", default=[], help="host:port that captures may visit on this machine"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is signal's
        stop.set()

    options = Options(
        api_port=arguments.port, outbox_port=arguments.outbox_port, allow_hosts=tuple(arguments.allow_host)
    )
    try:
        with LocalCloud(options) as cloud:
            # Only now: until it runs, a signal ends the start by way of every `finally`.
            signal.signal(signal.SIGINT, leave)
            signal.signal(signal.SIGTERM, leave)
            print(describe(cloud), flush=True)
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
