"""A site on loopback whose pages misbehave, each in one way. It counts what it is asked for."""

from __future__ import annotations

import base64
import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

HTML = "text/html; charset=utf-8"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF"
SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><rect width="60" height="60" fill="#d00"/></svg>'
)
MARKS = "".join(
    f'<div style="height:900px">part {n}<br><img loading="lazy" width="60" height="60" src="/square.svg?{n}"></div>'
    for n in range(12)
)

Answer = tuple[int, list[tuple[str, str]], bytes]


def page(body: str, *, status: int = 200, title: str = "t") -> Answer:
    html = f"<!doctype html><html><head><title>{title}</title></head><body style='margin:0'>{body}</body></html>"
    return status, [("Content-Type", HTML)], html.encode()


def redirect(location: str, status: int = 302) -> Answer:
    return status, [("Location", location), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Hop", location)], b""


PAGES: dict[str, Callable[[], Answer]] = {
    "/plain": lambda: page("<h1>Plain page</h1><p>with text</p>"),
    "/gzip": lambda: (200, [("Content-Type", HTML), ("Content-Encoding", "gzip")], gzip.compress(b"<h1>packed</h1>")),
    "/lazy": lambda: page(MARKS),
    "/square.svg": lambda: (200, [("Content-Type", "image/svg+xml")], SQUARE.encode()),
    "/r1": lambda: redirect("/r2"),
    "/r2": lambda: redirect("/plain", 301),
    "/loop": lambda: redirect("/loop"),
    "/r-metadata": lambda: redirect("http://169.254.169.254/latest/meta-data/"),
    "/script-redirect": lambda: page("<script>location = '/plain'</script>"),
    "/meta-redirect": lambda: page("<meta http-equiv='refresh' content='0;/plain'><h1>one moment</h1>"),
    "/item/1001": lambda: redirect("/oops/9"),
    "/oops/9": lambda: page(
        "<script>history.replaceState(0, '', '/item/1001')</script><h1>Sorry</h1>", status=404, title="Not here"
    ),
    "/item/1002": lambda: page("<h1>slug</h1><script>history.replaceState(0, '', '/item/1002/red-shoes#top')</script>"),
    "/item/1003": lambda: page("<h1>fragment</h1><script>location.hash = 'reviews'</script>"),
    "/subrequests": lambda: page(
        "<h1>asks</h1><img src='http://10.0.0.1/a.png'><img src='/r-metadata?img'>"
        "<iframe src='http://127.0.0.1:1/'></iframe>"
    ),
    "/leaves": lambda: page(
        "<h1>bait</h1><div style='height:5000px'></div>"
        "<script>addEventListener('scroll', () => location = '/plain')</script>"
    ),
    "/missing": lambda: page("<h1>No such offer</h1>", status=404),
    "/missing-empty": lambda: (404, [], b""),
    "/nothing": lambda: (204, [], b""),
    "/login": lambda: (401, [("WWW-Authenticate", "Basic realm=x"), ("Content-Type", HTML)], b"<h1>log in</h1>"),
    "/empty": lambda: (200, [("Content-Type", HTML)], b""),
    "/pdf": lambda: (200, [("Content-Type", "application/pdf")], PDF),
    "/png": lambda: (200, [("Content-Type", "image/png")], PNG),
    "/svg": lambda: (200, [("Content-Type", "image/svg+xml")], SQUARE.encode()),
    "/zip": lambda: (
        200,
        [("Content-Type", "application/zip"), ("Content-Disposition", 'attachment; filename="../../evil.html"')],
        b"PK" * 2000,
    ),
    "/bad-gzip": lambda: (200, [("Content-Type", HTML), ("Content-Encoding", "gzip")], b"not gzip at all"),
    "/dialogs": lambda: page("<h1>d</h1><script>for (;;) alert('again')</script>"),
    "/one-dialog": lambda: page("<h1>d</h1><script>document.title = 'p:' + prompt('password?')</script>"),
    "/popups": lambda: page("<h1>p</h1><script>for (let i = 0; i < 50; i++) open('/plain?popup' + i)</script>"),
    "/spin": lambda: page("<h1>s</h1><script>for (;;);</script>"),
    "/refresh": lambda: page("<meta http-equiv='refresh' content='0;/refresh'><h1>again</h1>"),
    "/push": lambda: page(
        "<script>setInterval(() => {for (let i=0;i<99;i++) history.pushState(0,'','?'+i)}, 1)</script>"
    ),
    "/grow": lambda: page(
        "<script>setInterval(() => {const d = document.createElement('div'); d.style.height = '3000px';"
        " document.body.append(d)}, 30)</script>"
    ),
    "/tall": lambda: page("<div style='height:29000px;background:linear-gradient(#000,#fff)'></div>"),
    "/font": lambda: page("<style>@font-face{font-family:x;src:url(/never)}body{font-family:x}</style><h1>font</h1>"),
    "/memory": lambda: page(
        "<script>const a = []; setInterval(() => a.push(new Uint8Array(5e7).fill(1)), 10)</script>"
    ),
    "/hijack": lambda: page(
        "<h1>still here</h1><script>Date = JSON = Promise = null; Array.prototype.map = null;"
        "document.querySelector = null; Object.defineProperty(document, 'body', {get() { return null }})</script>"
    ),
    "/gbk": lambda: (200, [("Content-Type", "text/html; charset=gbk")], "<h1>正品保证</h1>".encode("gbk")),
    "/cjk": lambda: page("<h1>正品保证 日本語 한국어 😀</h1>"),
}


class HostileSite:
    """The site; `asked` are the paths it was asked for, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.answer(self, self.path.partition("?")[0])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a browser that is killed leaves its connections as they are

        self._server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        if path == "/never":
            time.sleep(30)
            return
        if path == "/truncated":
            status, headers, body = page("<h1>first part</h1>")
            length = 5000
        else:
            status, headers, body = PAGES[path]() if path in PAGES else page("<h1>unknown</h1>", status=404)
            length = len(body)
        handler.send_response_only(status)
        for name, value in headers:
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = length != len(body)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
