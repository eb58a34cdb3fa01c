"""HTTP content codings, both ways, a chunk at a time."""

import zlib
from collections.abc import Callable
from typing import Any, Protocol

import brotli
import lz4.frame
import zstandard

from stack.clickhouse.errors import CANNOT_DECOMPRESS, NOT_IMPLEMENTED, QueryError, refused

PREFERENCE = ("lz4", "zstd", "gzip", "deflate", "br")  # cheapest first


class Coder(Protocol):
    """`finish` ends the stream; nothing may be fed after it."""

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Plain:
    """No coding."""

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Lz4Encoder:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor(auto_flush=True)
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        head = b"" if self._begun else self._frame.begin()
        self._begun = True
        return bytes(head + self._frame.compress(data))

    def finish(self) -> bytes:
        return bytes((b"" if self._begun else self._frame.begin()) + self._frame.flush())


class _Encoder:
    """Of a library's object with two methods."""

    def __init__(self, feed: Callable[[bytes], bytes], finish: Callable[[], bytes]) -> None:
        self.feed = feed
        self.finish = finish


def _zlib_encoder(wbits: int) -> Coder:
    encoder = zlib.compressobj(3, zlib.DEFLATED, wbits)
    return _Encoder(encoder.compress, encoder.flush)


def _zstd_encoder() -> Coder:
    encoder = zstandard.ZstdCompressor(level=1).compressobj()
    return _Encoder(encoder.compress, encoder.flush)


def _brotli_encoder() -> Coder:
    encoder = brotli.Compressor(quality=1)
    return _Encoder(encoder.process, encoder.finish)


ENCODERS: dict[str, Callable[[], Coder]] = {
    "lz4": _Lz4Encoder,
    "zstd": _zstd_encoder,
    "gzip": lambda: _zlib_encoder(31),
    "deflate": lambda: _zlib_encoder(15),
    "br": _brotli_encoder,
}


class _Decoder:
    """Frames may follow one another; a body that ends within one is an error."""

    def __init__(self, make: Callable[[], Any], name: str) -> None:
        self._make = make
        self._name = name
        self._decoder = make()
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        parts = []
        try:
            while data:
                if self._decoder.eof:
                    self._decoder = self._make()
                self._fed = True
                parts.append(self._decoder.decompress(data))
                data = self._decoder.unused_data if self._decoder.eof else b""
        except (zlib.error, zstandard.ZstdError, RuntimeError) as error:
            raise self._bad(str(error)) from error
        return b"".join(parts)

    def finish(self) -> bytes:
        if self._fed and not self._decoder.eof:
            raise self._bad("the body ends too early")
        return b""

    def _bad(self, why: str) -> QueryError:
        return refused(CANNOT_DECOMPRESS, f"Cannot decompress the {self._name} body: {why}.")


class _BrotliDecoder:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> bytes:
        try:
            return bytes(self._decoder.process(data))
        except brotli.error as error:
            raise refused(CANNOT_DECOMPRESS, f"Cannot decompress the br body: {error}.") from error

    def finish(self) -> bytes:
        if not self._decoder.is_finished():
            raise refused(CANNOT_DECOMPRESS, "Cannot decompress the br body: it ends too early.")
        return b""


def _zlib_decoder(wbits: int) -> Callable[[], Any]:
    return lambda: zlib.decompressobj(wbits)


def decoder(coding: str) -> Coder:
    """For a Content-Encoding; 48 when it is unknown."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return Plain()
    if name == "br":
        return _BrotliDecoder()
    makers: dict[str, Callable[[], Any]] = {
        "gzip": _zlib_decoder(31),
        "x-gzip": _zlib_decoder(31),
        "deflate": _zlib_decoder(15),
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
        "lz4": lz4.frame.LZ4FrameDecompressor,
    }
    if name not in makers:
        raise refused(NOT_IMPLEMENTED, f"Unknown HTTP content encoding {coding!r}.")
    return _Decoder(makers[name], name)


def accepted(header: str) -> str:
    """The coding to answer an Accept-Encoding with; empty for none."""
    offered = {}
    for item in header.lower().split(","):
        name, _, quality = item.partition(";")
        offered[name.strip()] = quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00"}
    return next((name for name in PREFERENCE if offered.get(name)), "")
