"""The answer to one request: held back until it is long or done, so that errors keep a status."""

import json
import secrets
import string
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO

from stack.clickhouse.compression import ENCODERS, Coder, Plain, accepted
from stack.clickhouse.config import DISPLAY_NAME
from stack.clickhouse.errors import QueryError, exception_block
from stack.clickhouse.native_blocks import BlockEncoder
from stack.clickhouse.streams import Outlet

HELD_BYTES = 1 << 20  # the server's default buffer_size
HELD_SECONDS = 0.2  # what comes slowly is passed on, at the price of errors without a status
SPOOL_BYTES = 16 << 20  # of wait_end_of_query kept in memory, the rest in a file
CHUNK_BYTES = 1 << 20
TAG_LETTERS = string.ascii_lowercase

CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "JSON": "application/json; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "Markdown": "text/markdown; charset=UTF-8",
}


def content_type(fmt: str) -> str:
    """By the format's family; plain text when it is not known to be binary."""
    families = ("TabSeparated", "TSV", "CSV", "JSON")
    known = CONTENT_TYPES.get(fmt) or next(
        (CONTENT_TYPES[family] for family in families if fmt.startswith(family)), ""
    )
    text = ("Pretty", "Vertical", "Values", "Markdown", "SQLInsert", "LineAsString")
    if known:
        return known
    return "text/plain; charset=UTF-8" if fmt.startswith(text) else "application/octet-stream"


@dataclass(frozen=True)
class Start:
    """Status and headers, the first item put into the outlet."""

    status: HTTPStatus
    headers: Mapping[str, str]


class Reply:
    """Used by one thread; `end` or `fail` must be the last call."""

    def __init__(self, outlet: Outlet, version: str, headers: dict[str, str]) -> None:
        self._outlet = outlet
        self._version = version
        self._headers = {"X-ClickHouse-Server-Display-Name": DISPLAY_NAME, **headers}
        self._coding = ""
        self._coder: Coder = Plain()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._held_since = 0.0
        self._limit = HELD_BYTES
        self._spool: IO[bytes] | None = None
        self._is_started = False
        self._tag = "".join(secrets.choice(TAG_LETTERS) for _ in range(16))
        self.summary: Callable[[], Mapping[str, int]] = dict

    def choose(self, params: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Compression and buffering, as the request asks for them."""
        if params.get("enable_http_compression", "1") == "1":
            self._coding = accepted(headers.get("accept-encoding", ""))
        if self._coding:
            self._coder = ENCODERS[self._coding]()
        elif params.get("compress") == "1":
            self._coder = BlockEncoder()
        size = params.get("buffer_size", params.get("http_response_buffer_size", ""))
        self._limit = int(size) if size.isdecimal() and int(size) else HELD_BYTES
        if params.get("wait_end_of_query", params.get("http_wait_end_of_query")) == "1":
            self._spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - end or fail

    def has_result(self, fmt: str) -> None:
        """The statement answers in that format, be it with no rows."""
        self._headers["X-ClickHouse-Format"] = fmt
        self._headers["Content-Type"] = content_type(fmt)

    def header(self, name: str, value: str) -> None:
        """Before the first byte is out, that is before `write`."""
        self._headers[name] = value

    def write(self, data: bytes) -> None:
        """Waits for a slow client."""
        if self._spool:
            self._spool.write(data)
            return
        if self._is_started:
            self._send(self._coder.feed(data))
            return
        self._held.append(data)
        self._held_bytes += len(data)
        now = time.monotonic()
        self._held_since = self._held_since or now
        if self._held_bytes > self._limit or now > self._held_since + HELD_SECONDS:
            self._start(HTTPStatus.OK)

    def end(self) -> None:
        """All is written."""
        if self._spool:
            self._send_spool()
        elif not self._is_started:
            self._start(HTTPStatus.OK)
        self._send(self._coder.finish())
        self._outlet.put(None)

    def fail(self, error: QueryError) -> None:
        """A status when nothing is out yet, else a block at the end of the body."""
        body = error.body(self._version)
        if self._is_started:
            self._send(self._coder.feed(exception_block(body, self._tag)) + self._coder.finish())
            self._outlet.put(None)
            return
        if self._spool:
            self._spool.close()
        self._held.clear()
        self._coding, self._coder = "", Plain()
        self._headers["X-ClickHouse-Exception-Code"] = str(error.code)
        self._headers["Content-Type"] = "text/plain; charset=UTF-8"
        self._headers.pop("X-ClickHouse-Format", None)
        self._start(error.status)
        self._send(body)
        self._outlet.put(None)

    def _start(self, status: HTTPStatus) -> None:
        self._is_started = True
        self._headers["X-ClickHouse-Summary"] = json.dumps(
            {name: str(value) for name, value in self.summary().items()}
        )
        self._headers["X-ClickHouse-Exception-Tag"] = self._tag
        if self._coding:
            self._headers["Content-Encoding"] = self._coding
        self._headers.setdefault("Content-Type", "text/plain; charset=UTF-8")
        self._outlet.put(Start(status, self._headers))
        for data in self._held:
            self._send(self._coder.feed(data))
        self._held.clear()

    def _send_spool(self) -> None:
        assert self._spool  # noqa: S101 - for the type checker, its caller asks
        with self._spool as spool:
            self._spool = None
            spool.seek(0)
            self._start(HTTPStatus.OK)
            while data := spool.read(CHUNK_BYTES):
                self._send(self._coder.feed(data))

    def _send(self, data: bytes) -> None:
        if data:
            self._outlet.put(data)
