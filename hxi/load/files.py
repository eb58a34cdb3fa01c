"""Reads files to load, one message or line at a time, whatever their size."""

import codecs
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from hxi.load.errors import FileError
from hxi.load.json_lines import JsonLines, parse
from hxi.load.packets import Packet, from_message

SUFFIXES = (".ndjson", ".ndjson.gz", ".binpb")
MAX_RECORD_BYTES = 64 << 20  # a longer line or message is held for no batch at all
GZIP_MAGIC = b"\x1f\x8b"
VARINT_BYTES = 10


def check(paths: Sequence[Path]) -> int:
    """Bytes of all files; FileError before anything is sent when one cannot be loaded."""
    return sum(_checked_size(path) for path in paths)


def _checked_size(path: Path) -> int:
    if not path.name.endswith(SUFFIXES):
        raise FileError(f"{path}: only *{', *'.join(SUFFIXES)} can be loaded")
    with _told(path), path.open("rb") as file:
        start = file.read(2)
        if path.name.endswith(".gz") and start != GZIP_MAGIC:
            raise FileError(f"{path}: not a gzip file, though it is named so")
        return file.seek(0, 2)


def packets(path: Path, key: str, read_before: int = 0) -> Iterator[Packet]:
    """The file's packets; `read_before` is what `Packet.read` counts from.

    FileError, with the place, where the file turns out to be damaged.
    """
    with _told(path), path.open("rb") as file:
        if path.name.endswith(".binpb"):
            yield from _messages(file, path, key, read_before)
        elif path.name.endswith(".gz"):
            with gzip.GzipFile(fileobj=file) as unpacked:
                text = cast("IO[bytes]", unpacked)
                yield from _lines(text, file, path, read_before)
        else:
            yield from _lines(file, file, path, read_before)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"{path}: damaged gzip file ({error}), load a whole one") from error
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error


def _lines(text: IO[bytes], file: IO[bytes], path: Path, read_before: int) -> Iterator[Packet]:
    """`file` is below `text` and tells how much of it has been read."""
    gathered = JsonLines()
    number = 0
    is_first = True
    while line := text.readline(MAX_RECORD_BYTES + 1):
        number += 1
        origin = f"{path}, line {number}"
        if len(line) > MAX_RECORD_BYTES:
            raise FileError(f"{origin}: longer than {MAX_RECORD_BYTES >> 20} MiB")
        # Files written on Windows, and such put together, have byte order marks.
        if not (line := line.removeprefix(codecs.BOM_UTF8).strip()):
            continue
        if is_first:
            _require_object(line, origin)
            is_first = False
        yield from gathered.add(line, origin, read_before + file.tell())
    yield from gathered.flush(read_before + file.tell())


def _require_object(line: bytes, origin: str) -> None:
    """A first line that is none tells that the file is something else."""
    try:
        value, _ = parse(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise FileError(f"{origin}: not a JSON object; one EventBatch or Event a line is needed")


def _messages(file: IO[bytes], path: Path, key: str, read_before: int) -> Iterator[Packet]:
    number = 0
    while True:
        start = file.tell()
        number += 1
        origin = f"{path}, message {number} at byte {start}"
        length = _varint(file, origin)
        if length is None:
            return
        if length > MAX_RECORD_BYTES:
            raise FileError(
                f"{origin}: {length} bytes long, so this is no length-delimited EventBatch"
            )
        body = file.read(length)
        if len(body) < length:
            raise FileError(f"{origin}: ends after {len(body)} of its {length} bytes")
        yield from from_message(body, key, origin, read_before + file.tell())


def _varint(file: IO[bytes], origin: str) -> int | None:
    """None at the end of the file."""
    value = 0
    for position in range(VARINT_BYTES):
        byte = file.read(1)
        if not byte:
            if position == 0:
                return None
            raise FileError(f"{origin}: the file ends within its length")
        value |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:
            return value
    raise FileError(f"{origin}: its length is no varint, so this is no EventBatch file")
