"""`hxi report`: a project's overview as one file that can be sent."""

from pathlib import Path

import click

from hxi.admin import projects
from hxi.admin.endpoints import MARTS, resolve
from hxi.options import data_dir_option
from hxi.stores import open_postgres

PERIODS = {"day": "1d", "week": "7d", "month": "28d", "quarter": "90d"}


@click.command()
@click.option("--project", "given", required=True, help="Slug or id.")
@click.option("--period", type=click.Choice(list(PERIODS)), default="week", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@data_dir_option
def report(given: str, period: str, out: Path, data_dir: Path | None) -> None:
    """Write the overview of the newest days as an HTML file: style and plots are in it."""
    # Templates and the web application's parts: not for every command.
    from hxi.admin import clients  # noqa: PLC0415
    from pages.logins import Person, Project, pool_of  # noqa: PLC0415
    from pages.marts import Marts, Tables  # noqa: PLC0415
    from pages.report import report as written  # noqa: PLC0415

    endpoints = resolve(data_dir)
    with open_postgres(data_dir) as connection:
        project_id = projects.find(connection, given)
        ((slug, name),) = connection.execute(
            "SELECT slug, name FROM hxi.projects WHERE project_id = %s", (project_id,)
        ).fetchall()
    url = endpoints.clickhouse_reader_url or endpoints.clickhouse_url
    with clients.clickhouse(url, MARTS) as client, pool_of(endpoints.postgres_dsn) as pool:
        marts = Marts(client, Tables(client), project_id)
        text = written(marts, Person("", pool), Project(project_id, slug, name), PERIODS[period])
    out.write_text(text)
    click.echo(f"{len(text):,} characters -> {out}")
