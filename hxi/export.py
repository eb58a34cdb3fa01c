"""`hxi export`: what is held about a person, as files of JSON lines in one archive."""

import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from hxi.admin import clients, projects
from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option
from hxi.stores import use
from orchestration.erasure import held
from orchestration.erasure.requests import Subject
from orchestration.stores.settings import Settings

Lines = Iterator[str]


@click.command()
@click.option("--project", help="Name (slug) or id. Default: the stack's own project.")
@click.option("--user", required=True, help="The user's id, as SDKs send it.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A zip file."
)
@data_dir_option
def export(project: str | None, user: str, out: Path, data_dir: Path | None) -> None:
    """Write what is held about a user: a file of JSON lines for each table and collection.

    Whole sessions: of one in which two users were, both find the whole in theirs.
    """
    endpoints = use(resolve(data_dir), data_dir)
    with clients.postgres(endpoints.postgres_dsn) as connection:
        project_id = projects.find(connection, project or endpoints.project_id)
    tables = held.given(Settings.from_environment(), Subject(project_id, user_id=user))
    written = _write(tables, out)
    if not written:
        out.unlink()
        raise UserError(f"nothing is held about user {user!r}")
    for name, count in written.items():
        click.echo(f"{count:>9,} {name}")


def _write(tables: Iterator[tuple[str, Lines]], out: Path) -> dict[str, int]:
    """Rows by table; of a table without any there is no file."""
    written: dict[str, int] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in tables:
            first = next(lines, None)
            if first is not None:
                written[name] = _add(archive, f"{name}.jsonl", chain([first], lines))
    return written


def _add(archive: zipfile.ZipFile, name: str, lines: Lines) -> int:
    count = 0
    with archive.open(name, "w") as file:
        for line in lines:
            file.write(line.encode() + b"\n")
            count += 1
    return count
