"""Takes a multipart/form-data body apart: fields are parameters, files are external tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

from stack.clickhouse.errors import BAD_REQUEST_PARAMETER, QueryError, refused

MULTIPART = b"multipart/form-data"


@dataclass
class Form:
    """Text that is not UTF-8 keeps its bytes as surrogates."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def boundary_of(content_type: str) -> bytes:
    """Empty when the body is no form."""
    kind, options = parse_options_header(content_type)
    return options.get(b"boundary", b"") if kind == MULTIPART else b""


def parse_form(boundary: bytes, body: Iterator[bytes]) -> Form:
    """All of the body, in memory; 36 when it is malformed."""
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise _bad(str(error)) from error
    return parts.form


def _bad(why: str) -> QueryError:
    return refused(BAD_REQUEST_PARAMETER, f"Cannot read the multipart body: {why}.")


class _Parts:
    def __init__(self) -> None:
        self.form = Form()
        self._header = self._value = b""
        self._disposition = b""
        self._data: list[bytes] = []

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._data = []

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "surrogateescape")
        if not name:
            raise _bad("a part has no name")
        data = b"".join(self._data)
        if b"filename" in options:
            self.form.files[name] = data
        else:
            self.form.fields[name] = data.decode("utf-8", "surrogateescape")
