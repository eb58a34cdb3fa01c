"""`hxi pages`: the pages of a running stack, until Ctrl-C."""

import os
from dataclasses import replace
from pathlib import Path

import click

from hxi.admin.endpoints import resolve
from hxi.options import data_dir_option


@click.command()
@data_dir_option
@click.option("--port", type=int, help="Default: HXI_PAGES_PORT, else 28307.")
def pages(data_dir: Path | None, port: int | None) -> None:
    """Serve the pages on loopback: overview, heatmaps, journeys, replays, issues, latency, health.

    Sign in with a BI login: `hxi grant-bi NAME --project PROJECT` makes one.
    """
    # The web server and its templates: not for every command.
    from pages.__main__ import serve
    from pages.settings import Settings

    settings = Settings.of(resolve(data_dir), os.environ)
    settings = replace(settings, port=port or settings.port)
    click.echo(f"http://{settings.host}:{settings.port}  sign in with a login of `hxi grant-bi`")
    serve(settings)
