"""`hxi replay`: a session's recording as rrweb players take it."""

from collections.abc import Iterator
from pathlib import Path
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
    """Write a session's recording as one JSON array of rrweb events, in order."""
    endpoints = resolve(data_dir)
    unreadable: list[str] = []
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        payloads = _payloads(client, project or endpoints.project_id, session, unreadable)
        count = _write(payloads, out)
    if not count and not unreadable:
        out.unlink()
        raise UserError(f"session {session} has no recording here: see `hxi run`, or --project")
    click.echo(f"{count:,} rrweb events -> {out}")
    for line in unreadable:
        click.echo(f"left out {line}", err=True)


def _payloads(
    client: Client, project: str, session: UUID, unreadable: list[str]
) -> Iterator[tuple[int, bytes]]:
    """Of each payload how many events it has, and their text without the array's brackets.

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
                    count = len(rrweb_events(text))
                    yield count, text[1:-1] if text.startswith(b"[") else text
                except PayloadError as error:
                    unreadable.append(f"chunk {index}: {error}")


def _write(payloads: Iterator[tuple[int, bytes]], out: Path) -> int:
    """One payload a line; returns how many events."""
    written = 0
    with out.open("wb") as file:
        file.write(b"[")
        for count, events in payloads:
            if count:
                file.write((b",\n" if written else b"\n") + events.strip())
                written += count
        file.write(b"\n]\n")
    return written
