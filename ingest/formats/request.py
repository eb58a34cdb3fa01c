"""What an adapter gets: an HTTP request, and its body as the value it says."""

import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ingest.decode.body import inflate
from ingest.decode.envelope import load_json
from ingest.errors import MalformedBatchError

GZIP_MAGIC = b"\x1f\x8b"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\s-]+={0,2}\s*")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as received; header names are lower case, `received_at` is ms since 1970."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: int

    def header(self, name: str) -> str:
        """'' where it was not sent."""
        return self.headers.get(name, "")

    def plain_body(self) -> bytes:
        """Inflated: many SDKs send gzip without a header that says so."""
        coding = self.header("content-encoding").strip().lower()
        body = self.body
        if body.startswith(GZIP_MAGIC):
            return inflate(body, "gzip")
        return body if coding == "gzip" else inflate(body, coding)

    def json(self) -> Any:
        """JSON, as it is, base64, or the field `data` of a form, each perhaps gzip.

        MalformedBatchError for what is none of these.
        """
        return load_json(_unwrapped(self.plain_body()))


def first_values(query: str) -> dict[str, str]:
    """A query string's parameters; of one that is repeated, the first."""
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _unwrapped(body: bytes) -> bytes:
    if body.startswith(b"data=") or b"&data=" in body[:200]:
        # A plus of base64 is not always escaped.
        form = body.decode("latin-1").replace("+", "%2B")
        body = first_values(form).get("data", "").encode("latin-1")
    if body[:1] not in (b"{", b"[") and _BASE64.fullmatch(body):
        body = _from_base64(body)
    return inflate(body, "gzip") if body.startswith(GZIP_MAGIC) else body


def _from_base64(text: bytes) -> bytes:
    standard = text.translate(bytes.maketrans(b"-_", b"+/"), b"\r\n\t ").rstrip(b"=")
    try:
        return b64decode(standard + b"=" * (-len(standard) % 4))
    except (Base64Error, ValueError) as error:
        raise MalformedBatchError("the body is no base64") from error


def inflate_text(text: str) -> bytes:
    """Gzip that is written into a JSON text, a character a byte; ValueError when it is none."""
    try:
        return zlib.decompress(text.encode("latin-1"), 31)
    except zlib.error as error:
        raise ValueError("broken gzip in a text") from error
