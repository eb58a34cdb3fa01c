"""A report that can be sent: the overview of a period as one file, with its style and its plots.

`python -m pages.report` is how a job makes one without loading the pages: text on stdout, the file
at --out; exit code 2 when another attempt will not help.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hxi.admin import clients, projects
from hxi.admin.endpoints import MARTS, Endpoints, resolve
from hxi.admin.errors import UserError
from pages.logins import Person, Project, pool_of
from pages.marts import Marts, Tables
from pages.render import Renderer
from pages.shown import Ask
from pages.view import PERIODS, viewed
from pages.views import overview

HERE = Path(__file__).parent
SCRIPTED = re.compile(r"@media \(prefers-color-scheme: dark\) \{.*?\n\}\n", re.DOTALL)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PRINT_S = 120
PERIOD_NAMES = {"day": "1d", "week": "7d", "month": "28d", "quarter": "90d"}


@dataclass(frozen=True)
class Report:
    """`html` without scripts, links or anything to fetch; `text` for who sees no more than that."""

    html: str
    text: str


def report(marts: Marts, person: Person, project: Project, asked: Mapping[str, str]) -> Report:
    """Of the period that `asked` names as an address of the pages does."""
    view, partial = viewed(marts, project, "overview", asked)
    data = overview.show(Ask(view, partial, marts, person)).data
    given = {**data, "view": view, "made_at": datetime.now(UTC), "style": style()}
    renderer = Renderer(HERE / "templates")
    return Report(renderer.page("report.html", **given), renderer.page("report.txt", **given))


def write(endpoints: Endpoints, given: str, period: str, until: date | None, out: Path) -> str:
    """Its text; the report of a project (slug or id) is at `out`, printed if that is a .pdf.

    `period`: of PERIOD_NAMES; it ends with `until`, else with the newest day. UserError says what
    cannot be.
    """
    url = endpoints.clickhouse_reader_url or endpoints.clickhouse_url
    with clients.postgres(endpoints.postgres_dsn) as connection:
        project_id = projects.find(connection, given)
        ((slug, name),) = connection.execute(
            "SELECT slug, name FROM gosight.projects WHERE id = %s", (project_id,)
        ).fetchall()
    with clients.clickhouse(url, MARTS) as client, pool_of(endpoints.postgres_dsn) as pool:
        marts = Marts(client, Tables(client), project_id)
        made = report(
            marts, Person("", pool), Project(project_id, slug, name), _days(period, until)
        )
    if out.suffix == ".pdf":
        _print(made.html, out)
    else:
        out.write_text(made.html)
    return made.text


def style() -> str:
    """The pages' own sheet, in its light colours: a report is read in mail and on paper."""
    return SCRIPTED.sub("", (HERE / "static" / "pages.css").read_text(), count=1)


def _days(period: str, until: date | None) -> dict[str, str]:
    named = PERIOD_NAMES[period]
    if until is None:
        return {"period": named}
    since = until - timedelta(days=PERIODS[named] - 1)
    return {"since": str(since), "until": str(until)}


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


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m pages.report")
    parser.add_argument("--project", required=True)
    parser.add_argument("--period", choices=list(PERIOD_NAMES), default="week")
    parser.add_argument("--until", type=date.fromisoformat)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        print(write(resolve(), asked.project, asked.period, asked.until, asked.out))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
