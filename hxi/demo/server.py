"""The demo's own small web server, on loopback."""

import json
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hxi.admin.errors import UserError
from hxi.demo import site
from hxi.demo.bundle import bundled
from hxi.demo.site import Shop

HTML = "text/html; charset=utf-8"
JSON = "application/json"
JAVASCRIPT = "text/javascript; charset=utf-8"
API = {"/api/ok": 200, "/api/fail": 500, "/api/missing": 404}
Tell = Callable[[str], dict[str, Any]]
"""SDK -> its newest session; may take as long as a run. UserError when there is none to tell."""
Answer = tuple[int, str, bytes]
"""Status, content type, body."""


def server(port: int, shop: Shop, sdk_dir: Path, tell: Tell) -> ThreadingHTTPServer:
    """Not yet serving; port 0 is a free one. OSError when the port cannot be had."""

    shown = _Site(shop, sdk_dir, tell)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*shown.answer(self.path))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(*shown.answer(self.path))

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: every script would be a line."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@dataclass(frozen=True)
class _Site:
    """What the server has to answer with."""

    shop: Shop
    sdk_dir: Path
    tell: Tell

    def answer(self, address: str) -> Answer:
        url = urlsplit(address)
        sdk = parse_qs(url.query).get("sdk", [""])[0]
        try:
            return self._found(url.path, sdk)
        except (KeyError, FileNotFoundError):
            return 404, JSON, b"{}"
        except UserError as error:
            return 500, JSON, json.dumps({"error": str(error)}).encode()

    def _found(self, path: str, sdk: str) -> Answer:
        folder, _, name = path[1:].partition("/")
        if path in API:
            return API[path], JSON, b"{}"
        if path == "/api/session":
            return 200, JSON, json.dumps(self.tell(sdk)).encode()
        if folder == "sdk":
            return _script(self.sdk_dir, name)
        if folder == "bundle":
            return 200, JAVASCRIPT, _bundle(self.shop, name.removesuffix(".js"), self.sdk_dir)
        return 200, HTML, self._page(path, sdk).encode()

    def _page(self, path: str, sdk: str) -> str:
        if path == "/":
            return site.index(self.sdk_dir)
        if path == "/session":
            return site.session_page(sdk)
        _, of_sdk, *names = path.split("/")
        # What a page pushes onto the history is still that page.
        return self.shop.page(of_sdk, names[0] if names and names[0] else "home")


@cache
def _bundle(shop: Shop, sdk: str, sdk_dir: Path) -> bytes:
    """KeyError for an SDK that needs none."""
    if sdk not in site.BUNDLED:
        raise KeyError(sdk)
    return bundled(shop.code(sdk), sdk_dir)


def _script(sdk_dir: Path, name: str) -> Answer:
    """KeyError for a file outside the folder, FileNotFoundError for none."""
    folder = sdk_dir.resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise KeyError(name)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return 200, kind, file.read_bytes()
