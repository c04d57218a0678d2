"""The marketplace on a loopback port, with its mailbox."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Self

from infra.local.marketplace.mail import ReceivedNotice, read_notice
from infra.local.marketplace.moderation import Moderation
from infra.local.marketplace.products import Behaviour, BehaviourKind, load_products
from infra.local.marketplace.site import Look, Looks, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Marketplace:
    """A running shop. Use it as a context manager; what it has recorded stays readable afterwards.

    Parameters
    ----------
    port
        0 takes a free one.
    moderation_delay
        Seconds from a notice to the removal.
    clock
        Seconds that never go back; tests may bring their own.
    """

    def __init__(
        self, *, port: int = 0, moderation_delay: float = 1.5, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._port = port
        self._products = load_products()
        self._moderation = Moderation(self._products, delay=moderation_delay, clock=clock)
        self._looks = Looks()
        self._received: list[ReceivedNotice] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Take the port and serve from a thread."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._port = self._server.server_address[1]
        self._server.site = Site(self.url, self._products, self._moderation, self._looks)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="marketplace")
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port. Closing twice is closing once."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up_all()
        self._server.server_close()
        self._server = self._thread = None

    @property
    def host(self) -> str:
        """Host and port as they stand in a URL.

        Raises
        ------
        RuntimeError
            It was never started, so the port is not known.
        """
        if not self._port:
            raise RuntimeError("the marketplace has no port before it is started")
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The home page's address, without a trailing slash."""
        return f"http://{self.host}"

    def item_url(self, item: str) -> str:
        """Address of a listing."""
        return f"{self.url}/item/{item}"

    @property
    def looks(self) -> dict[str, tuple[Look, ...]]:
        """Every request for each listing's page so far, HEAD included; an entry for every item."""
        log = self._looks.snapshot()
        return {product.id: log.get(product.id, ()) for product in self._products}

    @property
    def received(self) -> tuple[ReceivedNotice, ...]:
        """Every message that reached the shop, also those it did nothing about."""
        with self._lock:
            return tuple(self._received)

    @property
    def notices_per_item(self) -> dict[str, int]:
        """How many notices have named each item: 2 means that something was sent twice."""
        return self._moderation.notices_per_item

    def receive(self, raw_mail: bytes) -> ReceivedNotice:
        """Take in one message; queue the removal of the listings it names if the designated agent is addressed."""
        known = frozenset(product.id for product in self._products)
        notice = read_notice(raw_mail, base_url=self.url, known=known, now=datetime.now(UTC))
        with self._lock:
            self._received.append(notice)
        if notice.for_agent:
            self._moderation.notice(notice.items)
        return notice

    def set_behaviour(self, item: str, kind: BehaviourKind, **options: float | None) -> None:
        """Make a listing react differently from now on, for example ``set_behaviour("1003", "stubborn")``.

        Parameters
        ----------
        item
            A listing of the shop.
        kind
            One of the behaviours in `products.py`.
        options
            The other fields of `Behaviour`: ``wall_looks``, ``wall_seconds``, ``wall_status``, ``relist_after``.
        """
        self._moderation.set_behaviour(item, Behaviour.model_validate({"kind": kind, **options}))


class _Server(ThreadingHTTPServer):
    """Threads are joined at the end, so idle keep-alive connections are hung up first."""

    daemon_threads = False
    request_queue_size = 128  # a Map over many listings connects at once
    site: Site

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without the reverse DNS look-up of the standard library, which may hang for seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as in the base class
        """Remember the connection while it is open."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 -- as in the base class
        """Forget the connection and close it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as in the base class
        """Pass over visitors who leave in mid-answer, as a browser does when a page is closed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def hang_up_all(self) -> None:
        """Break open connections, so that their threads end."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Bazaar"
    sys_version = ""
    timeout = 30
    wbufsize = -1  # header and body leave in one packet
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer with a body."""
        self._respond()

    def do_HEAD(self) -> None:
        """Answer without one."""
        self._respond()

    def _respond(self) -> None:
        answer = self.server.site.respond(self.command, self.path, self.headers)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as in the base class
        """Stay silent: `Marketplace.looks` is the log."""
