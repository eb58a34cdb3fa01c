"""The demo's own small web server, on loopback."""

import json
import mimetypes
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hxi.demo import site
from hxi.demo.site import Shop

HTML = "text/html; charset=utf-8"
JSON = "application/json"
API = {"/api/ok": 200, "/api/fail": 500, "/api/missing": 404}
Tell = Callable[[str], dict[str, Any]]
"""SDK -> its newest session; may take as long as a run."""


def server(port: int, shop: Shop, sdk_dir: Path, tell: Tell) -> ThreadingHTTPServer:
    """Not yet serving; port 0 is a free one. OSError when the port cannot be had."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*_answer(self.path, shop, sdk_dir, tell))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(*_answer(self.path, shop, sdk_dir, tell))

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: every script would be a line."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _answer(address: str, shop: Shop, sdk_dir: Path, tell: Tell) -> tuple[int, str, bytes]:
    url = urlsplit(address)
    sdk = parse_qs(url.query).get("sdk", [""])[0]
    try:
        if url.path in API:
            return API[url.path], JSON, b"{}"
        if url.path == "/api/session":
            return 200, JSON, json.dumps(tell(sdk)).encode()
        if url.path.startswith("/sdk/"):
            return _script(sdk_dir, url.path.removeprefix("/sdk/"))
        return 200, HTML, _page(url.path, sdk, shop).encode()
    except (KeyError, FileNotFoundError):
        return 404, JSON, b"{}"


def _page(path: str, sdk: str, shop: Shop) -> str:
    if path == "/":
        return site.index()
    if path == "/session":
        return site.session_page(sdk)
    _, of_sdk, *names = path.split("/")
    # What a page pushes onto the history is still that page.
    return shop.page(of_sdk, names[0] if names and names[0] else "home")


def _script(sdk_dir: Path, name: str) -> tuple[int, str, bytes]:
    """KeyError for a file outside the folder, FileNotFoundError for none."""
    folder = sdk_dir.resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise KeyError(name)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return 200, kind, file.read_bytes()
