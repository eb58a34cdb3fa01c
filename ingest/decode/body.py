"""What an HTTP body is: its coding undone within the limit, its form told from its headers."""

import io
import re
import zlib
from enum import Enum

import zstandard

from ingest.decode.envelope import Envelope, parse_json, parse_protobuf
from ingest.errors import BatchTooLargeError, MalformedBatchError, UnsupportedBodyError
from ingest.settings import MIB

MAX_BODY_BYTES = 16 * MIB
# A frame may ask for this much memory for itself; the format's advice is 8 MiB.
MAX_ZSTD_WINDOW = MAX_BODY_BYTES
_GZIP_OR_ZLIB = 47  # zlib's number for: tell by the header which of both it is
_LOOKS_LIKE_JSON = re.compile(rb'\s*\{\s*["}]')


class Form(Enum):
    """How a batch is written; the value is the content type of an answer in the same form."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


_FORMS = {
    "application/x-protobuf": Form.PROTOBUF,
    "application/protobuf": Form.PROTOBUF,
    "application/octet-stream": Form.PROTOBUF,
    "application/json": Form.JSON,
    "text/plain": Form.JSON,  # what sendBeacon and fetch say of a string
}


def form_of(content_type: str) -> Form | None:
    """None when there is no content type; UnsupportedBodyError for one that is none of ours."""
    name = content_type.partition(";")[0].strip().lower()
    if not name:
        return None
    if name not in _FORMS:
        raise UnsupportedBodyError(f"content type {name[:80]!r}: send one of {', '.join(_FORMS)}")
    return _FORMS[name]


def read(body: bytes, coding: str, form: Form | None) -> Envelope:
    """The batch in a body as received; a RefusalError when there is none."""
    plain = inflate(body, coding)
    if form is None:
        form = Form.JSON if _LOOKS_LIKE_JSON.match(plain) else Form.PROTOBUF
    return parse_json(plain) if form is Form.JSON else parse_protobuf(plain)


def inflate(body: bytes, coding: str) -> bytes:
    """At most MAX_BODY_BYTES, counted while inflating: BatchTooLargeError beyond it."""
    if coding in ("", "identity"):
        return body
    try:
        if coding in ("gzip", "x-gzip", "deflate"):
            return _inflate_zlib(body)
        if coding == "zstd":
            return _inflate_zstd(body)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise MalformedBatchError(f"the body is not {coding}: {error}") from error
    raise UnsupportedBodyError(f"content coding {coding[:80]!r}: send gzip, deflate, zstd or none")


def too_large() -> BatchTooLargeError:
    """The body's own limit, whatever is in it."""
    return BatchTooLargeError(f"the body has more than {MAX_BODY_BYTES} bytes")


def _inflate_zlib(body: bytes) -> bytes:
    """One gzip member or zlib stream after another."""
    parts: list[bytes] = []
    left = MAX_BODY_BYTES
    while body:
        member = zlib.decompressobj(_GZIP_OR_ZLIB)
        part = member.decompress(body, left + 1)
        left -= len(part)
        if left < 0:
            raise too_large()
        if not member.eof:
            raise EOFError("it ends early")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)


def _inflate_zstd(body: bytes) -> bytes:
    """One frame after another."""
    _check_zstd_size(body)
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    parts: list[bytes] = []
    while body:
        frame = decompressor.decompressobj()
        parts.append(frame.decompress(body))
        if not frame.eof:
            raise EOFError("it ends early")
        body = frame.unused_data
    return b"".join(parts)


def _check_zstd_size(body: bytes) -> None:
    """A run of its own: what can stop at a limit cannot tell a frame that is cut off."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    size = 0
    with decompressor.stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
        while part := reader.read(1 << 20):
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise too_large()
