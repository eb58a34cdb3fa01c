"""`hxi erase`: a person, a session or all that is old leaves every store, with a proof for each."""

import json
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.admin.errors import UserError
from hxi.options import data_dir_option, json_option
from hxi.run import refreshed_once
from hxi.stores import use_prepared
from orchestration.erasure import held, requests
from orchestration.erasure.requests import Subject
from orchestration.stores.settings import Settings


class NotErasedError(UserError):
    """Something was found afterwards; the request stays, and each run tries again."""

    exit_code = 9


@click.command()
@click.option("--project", help="Name (slug) or id. Default: the stack's own project.")
@click.option("--user", help="All sessions of this user id, as SDKs send it.")
@click.option("--session", type=click.UUID, help="One session.")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Sessions whose last event is older than this UTC day.",
)
@click.option("--dry-run", is_flag=True, help="Count what would go; change nothing.")
@data_dir_option
@json_option
def erase(
    *,
    project: str | None,
    user: str | None,
    session: UUID | None,
    before: datetime | None,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Erase from every store, and prove it. Exactly one of --user, --session, --before.

    Whole sessions go. Tables are brought up to date as by `hxi run`. Safe to repeat, and to be
    repeated after it died: any run finishes it. See docs/privacy.md.
    """
    if sum(one is not None for one in (user, session, before)) != 1:
        raise UserError("give one of --user, --session and --before")
    endpoints = use_prepared(data_dir)
    with clients.postgres(endpoints.postgres_dsn) as connection:
        project_id = projects.find(connection, project or endpoints.project_id)
    subject = Subject(
        project_id, user, str(session) if session else None, before.date() if before else None
    )
    if dry_run:
        _tell_held(subject, as_json=as_json)
        return
    with closing(clients.postgres(endpoints.postgres_dsn)) as connection:
        number = requests.ask(connection, subject)
    refreshed = refreshed_once()
    _report(endpoints, number, as_json=as_json)
    if refreshed.failed_checks:
        raise NotErasedError(f"checks failed: {', '.join(refreshed.failed_checks)}")


def _tell_held(subject: Subject, *, as_json: bool) -> None:
    found = held.held(Settings.from_environment(), subject)
    if as_json:
        click.echo(json.dumps({"sessions": len(found.sessions), "held": found.by_store}))
        return
    click.echo(f"{len(found.sessions):>12,} sessions")
    for store, rows in found.by_store.items():
        click.echo(f"{rows:>12,} in {store}")
    click.echo("nothing was changed")


def _report(endpoints: Endpoints, number: int, *, as_json: bool) -> None:
    """NotErasedError when the request is not done."""
    with closing(clients.postgres(endpoints.postgres_dsn)) as connection:
        proofs, is_done = requests.proofs(connection, number), requests.is_done(connection, number)
    if as_json:
        answer = {"request": number, "done": is_done, "proofs": [asdict(one) for one in proofs]}
        click.echo(json.dumps(answer))
    else:
        click.echo(f"request {number}: {'done' if is_done else 'not done'}")
        for one in proofs:
            click.echo(
                f"  {one.store:<11} {one.erased:>9,} erased, {max(one.found, 0):,} found"
                f" ({one.places or one.searched})"
            )
    if not is_done:
        raise NotErasedError(f"request {number} is not done: the next run tries again")
