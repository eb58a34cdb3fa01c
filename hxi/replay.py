"""`hxi replay`: a session's recording as rrweb players take it."""

from pathlib import Path
from uuid import UUID

import click
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option
from orchestration.retention.cold import ColdStorageError, Session
from orchestration.retention.moved import write_moved
from orchestration.retention.recording import write_recording


@click.command()
@click.argument("session", type=click.UUID)
@click.option("--project", help="The session's project id. Default: the stack's own project.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@data_dir_option
def replay(session: UUID, project: str | None, out: Path, data_dir: Path | None) -> None:
    """Write a session's recording as one JSON array of rrweb events, in order.

    One that has expired is read back from cold storage, if its project moves recordings there.
    Of a session with several windows, the first in OUT, the others beside it: r.json, r-2.json ...
    """
    endpoints = resolve(data_dir)
    unreadable: list[str] = []
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        of = (project or endpoints.project_id, str(session))
        written = write_recording(client, *of, out, unreadable)
        if not any(written.values()):
            written |= _moved(client, of, out)
    if not any(written.values()) and not unreadable:
        out.unlink()
        raise UserError(f"session {session} has no recording here: see `hxi run`, or --project")
    for file, count in written.items():
        click.echo(f"{count:,} rrweb events -> {file}")
    for line in unreadable:
        click.echo(f"left out {line}", err=True)


def _moved(client: Client, session: Session, out: Path) -> dict[Path, int]:
    try:
        return write_moved(client, session, out)
    except ColdStorageError as error:
        raise UserError(str(error)) from error
