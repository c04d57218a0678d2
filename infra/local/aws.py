"""The local AWS: moto as a threaded server in this process, behind the strict layer."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from infra.local.loopback import LOOPBACK
from infra.local.moto_seams import REGION, reset
from infra.local.strict import Strict

READ_SECONDS = 960
"""Longer than any function may run."""
MAX_LOG_LINE = 500
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@contextmanager
def moto_server(port: int = 0) -> Iterator[str]:
    """Serve moto on loopback; give its URL. Everything it keeps is in memory, and gone afterwards."""
    # Imported here: moto takes a second, and `infra.local.ensure_chromium` and others can do without.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    class KeepAlive(MotoRequestHandler):  # type: ignore[misc,unused-ignore] # werkzeug's handler, typed or not
        """As `loopback.Handler`: connections stay open, and no answer waits for a delayed ACK."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_expect_100(self) -> bool:
            """Leave it to werkzeug, which answers it too."""
            return True

        def log(self, *_: Any) -> None:  # noqa: ANN401 - werkzeug's signature
            """Keep quiet: a demo's output is for the person who reads it."""

    reset()
    server = make_server(
        LOOPBACK,
        port,
        Strict(DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=KeepAlive,
    )
    logging.getLogger("moto").setLevel(logging.ERROR)
    logging.getLogger("moto.stepfunctions.parser.asl.component.eval_component").addFilter(shorten)
    # moto's Step Functions engine calls back on localhost:$MOTO_PORT.
    before = os.environ.get("MOTO_PORT")
    os.environ["MOTO_PORT"] = str(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="moto", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        if before is None:
            del os.environ["MOTO_PORT"]
        else:
            os.environ["MOTO_PORT"] = before
        reset()


def shorten(record: logging.LogRecord) -> bool:
    """Cut a log line: the engine prints the whole definition with each failed state, pages of it."""
    text = record.getMessage()
    if len(text) > MAX_LOG_LINE:
        record.msg, record.args = f"{text[:MAX_LOG_LINE]}…", ()
    return True


class Clients:
    """boto3 clients of the local AWS, one for each service.

    Parameters
    ----------
    endpoint
        The server's URL.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session: Any = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        """Return the client of `service`; clients may be shared between threads, making them may not."""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._session.client(
                    service,
                    endpoint_url=self._endpoint,
                    # No proxies: HTTP_PROXY would be asked for loopback addresses too.
                    config=Config(
                        max_pool_connections=50,
                        proxies={},
                        read_timeout=READ_SECONDS,
                        retries={"total_max_attempts": 1},
                    ),
                )
            return self._made[service]
