"""A session's recording as files that rrweb players take, from what the marts have."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from clickhouse_connect.driver.client import Client

from ingest.decode.json_text import repaired
from ingest.decode.rrweb import PayloadError, inflate, rrweb_events

CHUNKS = """
SELECT chunk_index, data FROM gosight.replay_chunks
WHERE project_id = {project:String} AND session_id = {session:UUID} AND problem != 'not kept'
ORDER BY chunk_index
"""
# Chunks may be megabytes each, so few are held at once.
SETTINGS = {"max_block_size": 64}


def write_recording(
    client: Client, project: str, session: str, out: Path, unreadable: list[str]
) -> dict[Path, int]:
    """Events in each file written, one file a window; what cannot be decoded is named."""
    return _write(_payloads(client, project, session, unreadable), out)


def _payloads(
    client: Client, project: str, session: str, unreadable: list[str]
) -> Iterator[tuple[str, int, bytes]]:
    """Of each payload its window, how many events it has, and their text without the brackets.

    Payloads are bytes, so the columns come as Arrow; what cannot be decoded is named. The text is
    not made anew: a page may be nested deeper than JSON can be written.
    """
    parameters = {"project": project, "session": session}
    with client.query_arrow_stream(
        CHUNKS, parameters=parameters, settings=SETTINGS, use_strings=False
    ) as batches:
        for batch in batches:
            for index, data in zip(*(column.to_pylist() for column in batch), strict=True):
                try:
                    text = repaired(inflate(data)).strip()
                    events = rrweb_events(text)
                    window = str(events[0].get("windowId", "")) if events else ""
                    yield window, len(events), text[1:-1] if text.startswith(b"[") else text
                except PayloadError as error:
                    unreadable.append(f"chunk {index}: {error}")


def _write(payloads: Iterator[tuple[str, int, bytes]], out: Path) -> dict[Path, int]:
    """One payload a line, one file a window, for no player plays two at once; events in each."""
    paths: dict[str, Path] = {}
    written = {out: 0}
    with ExitStack() as closing:
        files = {out: _array(closing, out)}
        for window, count, events in payloads:
            if not count:
                continue
            path = paths.setdefault(window, numbered(out, len(paths) + 1))
            if path not in files:
                files[path], written[path] = _array(closing, path), 0
            files[path].write((b",\n" if written[path] else b"\n") + events.strip())
            written[path] += count
    return written


def _array(closing: ExitStack, path: Path) -> BinaryIO:
    """A file that is begun as a JSON array, and ended as one."""
    file = closing.enter_context(path.open("wb"))
    file.write(b"[")
    closing.callback(file.write, b"\n]\n")
    return file


def numbered(out: Path, number: int) -> Path:
    """Where the recording of another window goes: r.json, r-2.json …"""
    return out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
