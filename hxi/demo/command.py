"""`hxi demo`: serves the shop beside a running stack, until Ctrl-C."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints, resolve
from hxi.admin.errors import UserError
from hxi.demo import session, site
from hxi.demo.server import server
from hxi.demo.site import Shop
from hxi.options import data_dir_option

DEFAULT_PORT = 28310
# Two pages that ask at once need one run.
_RUNNING = threading.Lock()


@click.command()
@data_dir_option
@click.option(
    "--sdk-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("sdk/node_modules"),
    show_default=True,
    help="A node_modules folder with the SDKs.",
)
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="0: a free one.")
def demo(data_dir: Path | None, sdk_dir: Path, port: int) -> None:
    """Serve a small shop with each SDK behind a link, and show the session it made.

    It sends to the running stack, and runs the pipeline when you look at your session. The SDKs
    are npm packages, which you install: see docs/sdks.md.
    """
    missing = site.missing_packages(sdk_dir)
    if all(site.missing_packages(sdk_dir, [sdk]) for sdk in site.SDKS):
        raise UserError(f"{sdk_dir} has no SDKs: install them by `{site.install(missing)}`")
    endpoints = resolve(data_dir)
    shop = Shop(endpoints.ingest_url, endpoints.project_key)
    try:
        web = server(port, shop, sdk_dir, lambda sdk: told(endpoints, sdk))
    except OSError as error:
        raise UserError(f"port {port} cannot be had ({error}): try --port 0") from error
    # The first run of a stack takes longest: tables are made while the shop is looked at.
    threading.Thread(target=_build, args=(endpoints,), daemon=True).start()
    click.echo(f"shop at http://127.0.0.1:{web.server_port}/ until Ctrl-C")
    with web:
        web.serve_forever()


def told(endpoints: Endpoints, sdk: str) -> dict[str, Any]:
    """The newest session of the SDK's shop, after a run that brings every table up to date.

    UserError when the run fails.
    """
    if _build(endpoints):
        raise UserError("the tables could not be built: see what `hxi run` said")
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        return session.newest(client, endpoints.project_id, sdk)


def _build(endpoints: Endpoints) -> int:
    """The exit code of a run, which says by itself what went wrong."""
    with _RUNNING:
        return subprocess.run(
            [sys.executable, "-m", "hxi", "run"],
            env={**os.environ, **endpoints.environment()},
            check=False,
            stdout=subprocess.DEVNULL,
        ).returncode
