"""`hxi report`: a project's overview as one file that can be sent, and the mailing of those due."""

import os
from datetime import datetime
from pathlib import Path

import click

from hxi.admin.endpoints import resolve
from hxi.admin.errors import UserError
from hxi.options import data_dir_option

PERIODS = ("day", "week", "month", "quarter")


class NotMailedError(UserError):
    """A report did not arrive."""

    exit_code = 8


@click.command()
@click.option("--project", "given", help="Slug or id.")
@click.option("--period", type=click.Choice(PERIODS), default="week", show_default=True)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day (default: the newest day)."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--mail",
    "mails",
    is_flag=True,
    help="Instead: mail the report of the newest whole week to those `hxi project report` names.",
)
@data_dir_option
def report(
    *,
    given: str | None,
    period: str,
    until: datetime | None,
    out: Path | None,
    mails: bool,
    data_dir: Path | None,
) -> None:
    """Write the overview of the newest days as an HTML file: style and plots are in it.

    With a name that ends in .pdf it is printed, which needs Chromium.
    """
    if mails == bool(given and out) or (mails and (given or out)):
        raise click.UsageError("give --project and --out, or --mail alone")
    if mails:
        _mail(data_dir)
    elif given and out:
        # Templates and the web application's parts: not for every command.
        from pages.report import write

        write(resolve(data_dir), given, period, until.date() if until else None, out)
        click.echo(f"{out.stat().st_size:,} bytes -> {out}")


def _mail(data_dir: Path | None) -> None:
    from orchestration.reports.now import mail_reports

    os.environ.update(resolve(data_dir).environment())
    mailed = mail_reports(again=True)
    click.echo(f"week of {mailed.week}: {mailed.sent.sent} reports sent")
    if mailed.problems:
        raise NotMailedError("; ".join(mailed.problems))
