"""`hxi project`: make projects, list them, and their settings."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hxi.admin import projects
from hxi.admin.errors import UserError
from hxi.options import data_dir_option, json_option
from hxi.project_settings import set_values, show_values, unset_values
from hxi.stores import open_postgres
from orchestration.alerts.channels import MAIL_ADDRESS
from orchestration.reports.message import KINDS
from orchestration.retention.storage import MAX_DAYS, REPLAY_MODES

DAYS = click.FloatRange(0, MAX_DAYS)


@click.group()
def project() -> None:
    """Projects: every event belongs to one, named by the key it was sent with."""


@project.command()
@click.argument("name")
@data_dir_option
@json_option
def create(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a project and print its key, which is shown only now."""
    with open_postgres(data_dir) as connection:
        project_id, slug, key = projects.create(connection, name)
    if as_json:
        click.echo(json.dumps({"project_id": project_id, "slug": slug, "key": key}))
    else:
        click.echo(f"project  {project_id}  {slug}\nkey      {key}  (kept nowhere: store it now)")


@project.command("list")
@data_dir_option
@json_option
def list_projects(data_dir: Path | None, as_json: bool) -> None:
    """List projects with the prefixes of their active keys."""
    with open_postgres(data_dir) as connection:
        found = projects.all_projects(connection)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], default=str))
        return
    width = max(len(row.slug) for row in found)
    for row in found:
        click.echo(f"{row.id}  {row.slug:<{width}}  {' '.join(row.keys) or '-'}")


@project.command()
@click.argument("name")
@click.argument("domains", nargs=-1)
@click.option("--any", "is_any", is_flag=True, help="Pages of every domain may send again.")
@data_dir_option
def domains(name: str, domains: tuple[str, ...], *, is_any: bool, data_dir: Path | None) -> None:
    """Let only pages of DOMAINS, and of what is below them, send to project NAME.

    Without any, show them. What is no browser sends as before.
    """
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, name)
        if domains or is_any:
            projects.allow_domains(connection, project_id, domains)
        for domain in projects.allowed_domains(connection, project_id):
            click.echo(domain)


@project.command()
@click.argument("name")
@click.option("--replay", type=click.Choice(REPLAY_MODES), help="What becomes of recordings.")
@click.option("--replay-days", type=DAYS, help="Recordings are kept so long (default 7).")
@click.option("--raw-days", type=DAYS, help="Raw events, 30 to 90 as a rule (default 90).")
@click.option("--session-days", type=DAYS, help="Sessions in the marts (default 365).")
@data_dir_option
def storage(
    *,
    name: str,
    replay: str | None,
    replay_days: float | None,
    raw_days: float | None,
    session_days: float | None,
    data_dir: Path | None,
) -> None:
    """How long project NAME keeps what; without an option, show what it has set.

    --replay keep: recordings as sent; off: what runs judge them by alone is stored; cold: moved to
    HXI_COLD_STORAGE_URL when their time is over.
    """
    days = {"replayDays": replay_days, "rawDays": raw_days, "sessionDays": session_days}
    said = {"replay": replay, **days}
    given = {key: value for key, value in said.items() if value is not None}
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, name)
        if given:
            kept = projects.section(connection, project_id, "storage")
            projects.store_section(connection, project_id, "storage", kept | given)
        for key, value in projects.section(connection, project_id, "storage").items():
            click.echo(f"{key} = {value}")


@project.command()
@click.argument("name")
@click.option("--to", "addresses", multiple=True, help="An e-mail address; may be repeated.")
@click.option("--format", "kind", type=click.Choice(list(KINDS)), help="A pdf needs Chromium.")
@click.option("--off", is_flag=True, help="Nobody gets it any more.")
@data_dir_option
def report(
    *, name: str, addresses: tuple[str, ...], kind: str | None, off: bool, data_dir: Path | None
) -> None:
    """Who is mailed the report of project NAME each week; without an option, show it."""
    if wrong := [one for one in addresses if not MAIL_ADDRESS.fullmatch(one)]:
        raise UserError(f"{wrong[0]!r} is no e-mail address")
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, name)
        held = {} if off else projects.section(connection, project_id, "report")
        given: dict[str, Any] = {"to": [*dict.fromkeys(addresses)]} if addresses else {}
        given |= {"format": kind} if kind else {}
        if given or off:
            held |= given
            projects.store_section(connection, project_id, "report", held)
        for key, value in held.items():
            click.echo(f"{key} = {' '.join(value) if isinstance(value, list) else value}")


project.add_command(set_values)
project.add_command(unset_values)
project.add_command(show_values)
