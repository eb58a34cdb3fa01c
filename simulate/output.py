"""Writes generated batches and their truth as files that `hxi load` and people read."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import orjson
from google.protobuf import json_format
from gosight.ingest_pb2 import EventBatch

from hxi.admin.errors import UserError
from simulate.truth import SessionTruth, Totals
from simulate.wire import varint

SUFFIXES = (".binpb", ".ndjson", ".ndjson.gz")
WriteBatch = Callable[[EventBatch], None]


class OutputError(UserError):
    """A file cannot be written, or its name tells no known format."""


@contextmanager
def batch_writer(path: Path | None) -> Iterator[WriteBatch]:
    """A function that writes batches to `path` (format by its ending), or as JSON lines to stdout.

    The file appears under its name only when all is written. Equal batches give equal bytes.
    """
    if path is None:
        yield _json_lines(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    if not path.name.endswith(SUFFIXES):
        raise OutputError(f"{path}: name the file *{', *'.join(SUFFIXES)}")
    with _draft(path) as file:
        if path.name.endswith(".gz"):
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                yield _json_lines(cast("IO[bytes]", packed))
        elif path.name.endswith(".ndjson"):
            yield _json_lines(file)
        else:
            yield _length_delimited(file)


@contextmanager
def truth_writer(path: Path | None) -> Iterator[Callable[[SessionTruth | Totals], None] | None]:
    """A function that writes one JSON line for each session, and at last one for the totals.

    A session's line is {"session": {...}}, the last line {"totals": {...}}. None without a path.
    """
    if path is None:
        yield None
        return
    with _draft(path) as file:

        def write(item: SessionTruth | Totals) -> None:
            kind = "totals" if isinstance(item, Totals) else "session"
            file.write(orjson.dumps({kind: item.as_dict()}) + b"\n")

        yield write


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    draft = path.with_name(path.name + ".part")
    try:
        with draft.open("wb", buffering=1 << 20) as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _json_lines(file: IO[bytes]) -> WriteBatch:
    def write(batch: EventBatch) -> None:
        text = json_format.MessageToJson(batch, indent=None, sort_keys=True)
        file.write(text.encode() + b"\n")

    return write


def _length_delimited(file: IO[bytes]) -> WriteBatch:
    def write(batch: EventBatch) -> None:
        body = batch.SerializeToString(deterministic=True)
        file.write(varint(len(body)) + body)

    return write
