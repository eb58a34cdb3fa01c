"""`hxi ai`: the queue of visits and issues that are explained."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from hxi.admin import projects
from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option, json_option
from hxi.stores import open_postgres
from orchestration.ai.now import work_now
from orchestration.ai.providers import ModelsError
from orchestration.ai.queueing import queue_one
from orchestration.ai.tasks import CODE_FIX, SESSION_SUMMARY, TASKS
from orchestration.stores.sight import BlindError

OF_A_SESSION = sorted(TASKS.keys() - {CODE_FIX})  # that is of an issue
STATES = """
    SELECT status, task_type, count(*), max(error_message) FROM traceflow.traceflow_ai_queue
    GROUP BY status, task_type ORDER BY status, task_type"""


@click.group()
def ai() -> None:
    """AI queue: troubled visits and new issues, explained by written rules or by your models."""


@ai.command()
@click.option("--at-most", type=click.IntRange(1), help="So many jobs; default: all that are due.")
@data_dir_option
@json_option
def work(*, at_most: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Queue what is new and explain it; the models are those of HXI_AI_MODELS (docs/ai.md)."""
    try:
        queued, worked = work_now(resolve(data_dir).postgres_dsn, at_most)
    except (ModelsError, BlindError) as error:
        raise UserError(str(error)) from None
    if as_json:
        click.echo(json.dumps({"queued": queued.jobs, **asdict(worked)}))
        return
    click.echo(
        f"{queued.jobs} queued; {worked.completed} explained, {worked.waiting} to try again,"
        f" {worked.failed} failed"
    )
    for line in (*queued.problems, *(f"{one}: {why}" for one, why in worked.stopped.items())):
        click.echo(line)


@ai.command()
@click.argument("project")
@click.argument("session")
@click.option("--task", type=click.Choice(OF_A_SESSION), default=SESSION_SUMMARY)
@data_dir_option
def queue(project: str, session: str, task: str, data_dir: Path | None) -> None:
    """Put a job of SESSION in PROJECT (slug or id) first in line."""
    with open_postgres(data_dir) as connection:
        is_new = queue_one(connection, projects.find(connection, project), session, task)
    click.echo("queued" if is_new else "is in the queue already")


@ai.command("list")
@data_dir_option
def list_jobs(data_dir: Path | None) -> None:
    """How many jobs of each kind wait, are done or have failed, and why."""
    with open_postgres(data_dir) as connection:
        found = connection.execute(STATES).fetchall()
    for status, task, count, why in found:
        click.echo(f"{status}  {task}  {count}{f'  {why}' if why else ''}")
