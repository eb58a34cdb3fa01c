"""`hxi diff`: what a run would change, before it does."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hxi.admin import clients, projects
from hxi.admin.endpoints import resolve
from hxi.admin.errors import BusyError, UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres, use

if TYPE_CHECKING:
    from orchestration.preview.diff import Difference
    from orchestration.preview.differences import Example, TableDifference

SESSIONS = 1000


@click.command()
@click.option(
    "--select",
    multiple=True,
    metavar="TABLE",
    help="Compare this table alone; `TABLE+`: and all that is made of it. May be repeated.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="As if the setting were set (docs/settings.md). May be repeated.",
)
@click.option("--project", default="", help="Of this project alone; slug or id.")
@click.option(
    "--day",
    "days",
    multiple=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Build all sessions with events on this UTC day; may be repeated.",
)
@click.option(
    "--sessions",
    type=click.IntRange(1),
    help=f"Build so many of the newest (default: {SESSIONS:,}, with --day all).",
)
@click.option("--all", "everything", is_flag=True, help="Build all that a run would.")
@click.option("--keep", is_flag=True, help="With --project: show it on the page `changes` too.")
@data_dir_option
@json_option
def diff(*, data_dir: Path | None, as_json: bool, keep: bool, **asked: Any) -> None:
    """Show what a run would change: rows added, gone and changed of every table.

    Builds sessions that a run would build (they are new, late, or their rules, models or settings
    changed) beside the served tables, compares, and drops them. No served row is touched.
    """
    if keep and not asked["project"]:
        raise click.UsageError("--keep goes with --project")
    use(resolve(data_dir), data_dir)
    found = _found(data_dir, **asked)
    if keep:
        _keep(data_dir, asked, found)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for line in told(found):
        click.echo(line)


def _found(
    data_dir: Path | None,
    *,
    select: tuple[str, ...],
    assignments: tuple[str, ...],
    project: str,
    days: tuple[datetime, ...],
    sessions: int | None,
    everything: bool,
) -> "Difference":
    if everything and (sessions or days):
        raise click.UsageError("--all goes with neither --sessions nor --day")
    # Loads Polars.
    from hxi.project_settings import parsed
    from orchestration.lease.lease import LeaseHeldError
    from orchestration.preview.diff import Question
    from orchestration.preview.diff import diff as difference
    from orchestration.preview.models import UnknownModelError
    from orchestration.project_settings.declaration import SettingError
    from orchestration.transform.reporting import DbtRunError

    limit = None if everything or (days and not sessions) else sessions or SESSIONS
    try:
        return difference(
            Question(
                select,
                parsed(assignments),
                _project_id(data_dir, project),
                [day.date() for day in days],
                limit,
            ),
            lambda table: click.echo(f"  {table}", err=True),
        )
    except LeaseHeldError as error:
        raise BusyError(str(error)) from error
    except (SettingError, UnknownModelError, DbtRunError) as error:
        raise UserError(str(error)) from error


def _keep(data_dir: Path | None, asked: dict[str, Any], found: "Difference") -> None:
    from orchestration.preview.diff import keep

    words = [f"--set {one}" for one in asked["assignments"]]
    words += [f"--select {one}" for one in asked["select"]]
    words += [f"--day {one:%Y-%m-%d}" for one in asked["days"]]
    with clients.clickhouse(resolve(data_dir).clickhouse_url) as client:
        keep(client, _project_id(data_dir, asked["project"]), " ".join(words), found)


def _project_id(data_dir: Path | None, project: str) -> str:
    if not project:
        return ""
    with open_postgres(data_dir) as connection:
        return projects.find(connection, project)


def told(found: "Difference") -> Iterator[str]:
    """Lines for people, and for a comment on a pull request."""
    yield (
        f"{found.sessions:,} of {found.planned:,} sessions that a run would build,"
        f" on {found.days:,} days, in {found.seconds:.1f} s"
    )
    different = [table for table in found.tables if not table.is_same]
    same = len(found.tables) - len(different)
    if different:
        yield f"{'table':<28} {'before':>10} {'after':>10} {'added':>8} {'gone':>8} {'changed':>8}"
    for table in different:
        yield (
            f"{table.table:<28} {table.before:>10,} {table.after:>10,} {table.added:>8,}"
            f" {table.gone:>8,} {table.changed:>8,}"
        )
    yield f"{same} tables stay as they are" if same != 1 else "1 table stays as it is"
    for table in different:
        yield from _details(table)


def _details(table: "TableDifference") -> Iterator[str]:
    yield ""
    columns = ", ".join(f"{name} ({count:,})" for name, count in table.columns.items())
    yield f"{table.table}{f': {columns}' if columns else ''}"
    for example in table.examples:
        yield f"  {example.kind:<8} {_example(example)}"


def _example(example: "Example") -> str:
    keys = " ".join(f"{name}={value}" for name, value in example.key.items())
    if example.kind != "changed":
        return keys
    changes = ", ".join(
        f"{name}: {old} -> {example.after[name]}" for name, old in example.before.items()
    )
    return f"{keys}  {changes}"
