"""`hxi report`: a project's overview as one file that can be sent."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from hxi.admin import projects
from hxi.admin.endpoints import MARTS, resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option
from hxi.stores import open_postgres

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PRINT_S = 120
PERIODS = {"day": "1d", "week": "7d", "month": "28d", "quarter": "90d"}


@click.command()
@click.option("--project", "given", required=True, help="Slug or id.")
@click.option("--period", type=click.Choice(list(PERIODS)), default="week", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@data_dir_option
def report(given: str, period: str, out: Path, data_dir: Path | None) -> None:
    """Write the overview of the newest days as an HTML file: style and plots are in it.

    With a name that ends in .pdf it is printed, which needs Chromium.
    """
    # Templates and the web application's parts: not for every command.
    from hxi.admin import clients
    from pages.logins import Person, Project, pool_of
    from pages.marts import Marts, Tables
    from pages.report import report as written

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
    if out.suffix == ".pdf":
        _print(text, out)
    else:
        out.write_text(text)
    click.echo(f"{out.stat().st_size:,} bytes -> {out}")


def _print(text: str, out: Path) -> None:
    """By a browser that is installed; UserError where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError("a PDF needs Chromium, which is not installed: write an .html file")
    # Its sandbox refuses to start as root; nothing but our own file is opened.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(text)
        arguments = [f"--print-to-pdf={out.resolve()}", f"--user-data-dir={folder}/profile"]
        ended = subprocess.run(
            [browser, "--headless", "--no-pdf-header-footer", *sandbox, *arguments, page.as_uri()],
            capture_output=True,
            timeout=PRINT_S,
            check=False,
        )
    if ended.returncode or not out.is_file():
        raise UserError(f"Chromium did not print: {ended.stderr.decode()[-200:].strip()}")
