"""`hxi replay`: a session's recording as rrweb players take it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option
from orchestration.signals.replay_facts.decode import PayloadError, inflate, rrweb_events
from orchestration.signals.replay_facts.json_text import repaired

CHUNKS = """
SELECT chunk_index, data FROM gosight.replay_chunks
WHERE project_id = {project:String} AND session_id = {session:UUID} ORDER BY chunk_index
"""
# Chunks may be megabytes each, so few are held at once.
SETTINGS = {"max_block_size": 64}


@click.command()
@click.argument("session", type=click.UUID)
@click.option("--project", help="The session's project id. Default: the stack's own project.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@data_dir_option
def replay(session: UUID, project: str | None, out: Path, data_dir: Path | None) -> None:
    """Write a session's recording as one JSON array of rrweb events, in order.

    Of a session with several windows, the first in OUT, the others beside it: r.json, r-2.json ...
    """
    endpoints = resolve(data_dir)
    unreadable: list[str] = []
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        written = write_recording(client, project or endpoints.project_id, session, out, unreadable)
    if not any(written.values()) and not unreadable:
        out.unlink()
        raise UserError(f"session {session} has no recording here: see `hxi run`, or --project")
    for file, count in written.items():
        click.echo(f"{count:,} rrweb events -> {file}")
    for line in unreadable:
        click.echo(f"left out {line}", err=True)


def write_recording(
    client: Client, project: str, session: UUID, out: Path, unreadable: list[str]
) -> dict[Path, int]:
    """Events in each file written, one file a window; what cannot be decoded is named."""
    return _write(_payloads(client, project, session, unreadable), out)


def _payloads(
    client: Client, project: str, session: UUID, unreadable: list[str]
) -> Iterator[tuple[str, int, bytes]]:
    """Of each payload its window, how many events it has, and their text without the brackets.

    Payloads are bytes, so the columns come as Arrow; what cannot be decoded is named. The text is
    not made anew: a page may be nested deeper than JSON can be written.
    """
    parameters = {"project": project, "session": str(session)}
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
            path = paths.setdefault(window, _numbered(out, len(paths) + 1))
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


def _numbered(out: Path, number: int) -> Path:
    return out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
