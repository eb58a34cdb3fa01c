"""Rows on their way from ClickHouse to PostgreSQL's COPY."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, closing
from typing import Protocol

from ingest.decode.json_text import repaired
from ingest.decode.rrweb import PayloadError, inflate

# COPY's text format; the backslash first.
ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"))


class ByteStream(Protocol):
    """A response that is read while the server still writes it."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def read_ahead(
    threads: Executor,
    opened: ExitStack,
    streams: Sequence[Callable[[], ByteStream]],
    size: int,
) -> Iterator[Iterator[bytes]]:
    """The blocks of one stream after the other; each is to be read to its end.

    While the caller writes a block the next one is read, and the stream behind is opened: two
    streams at a time, and a block of each beside the caller's. `opened` closes them, so it ends
    after `threads`, of which there are two or more.
    """

    def begin(stream: Callable[[], ByteStream]) -> tuple[ByteStream, bytes]:
        response = opened.enter_context(closing(stream()))
        return response, response.read(size)

    def blocks(begun: Future[tuple[ByteStream, bytes]]) -> Iterator[bytes]:
        response, block = begun.result()
        while block:
            following = threads.submit(response.read, size)
            yield block
            block = following.result()

    begun = threads.submit(begin, streams[0])
    for behind in streams[1:]:
        current, begun = begun, threads.submit(begin, behind)
        yield blocks(current)
    yield blocks(begun)


class UnpackedRows:
    """The rows of `response` with their last column, base64 of a replay payload, as plain text.

    Neither engine can gunzip. A line that is no such row is passed on as it is, for COPY to refuse.
    Holds what was read and the rows made of it, so at most a few payloads.
    """

    def __init__(self, response: ByteStream) -> None:
        self._response = response
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """The next rows, whole; b"" at the end. `size` is what is asked of the server at a time."""
        while chunk := self._response.read(size):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if lines:
                return b"".join(_unpacked(line) + b"\n" for line in lines)
        rest, self._rest = self._rest, b""
        return rest

    def close(self) -> None:
        """Leave the response."""
        self._response.close()


def _unpacked(line: bytes) -> bytes:
    row, _, packed = line.rpartition(b"\t")
    try:
        text = repaired(inflate(base64.b64decode(packed, validate=True)))
    except (binascii.Error, PayloadError):
        return line
    for mark, escaped in ESCAPES:
        text = text.replace(mark, escaped)
    return row + b"\t" + text
