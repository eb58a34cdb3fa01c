"""`hxi up`: a stack in the foreground until Ctrl-C."""

import os
import signal
from pathlib import Path
from types import FrameType

import click

from hxi.admin.endpoints import DEFAULT_DATA_DIR
from hxi.admin.urls import without_user
from hxi.every import every_option
from hxi.options import data_dir_option
from hxi.stopping import handled
from stack.embedded import Stack
from stack.ports import HOST, PortChoice

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@data_dir_option
@click.option(
    "--ports",
    type=click.Choice(["fixed", "auto"]),
    default="fixed",
    show_default=True,
    help="fixed: 28300-28308; auto: any free ones, the same at each start of this folder.",
)
@click.option("--ui", is_flag=True, help="Also the pages, and Dagster's.")
@every_option
def up(data_dir: Path | None, ports: PortChoice, ui: bool, every: float | None) -> None:
    """Start the stores and ingest and keep them running until Ctrl-C.

    A store named in HXI_CLICKHOUSE_URL, HXI_MONGODB_URI, HXI_POSTGRES_DSN or HXI_REDIS_URL is used
    instead of the embedded one. With --every, `hxi run --every` runs beside them; what it says is
    in the data folder, logs/runs.log.
    """
    try:
        with handled(STOP_SIGNALS, _stop), Stack(data_dir or DEFAULT_DATA_DIR, ports) as stack:
            try:
                stack.start_stores()
                stack.start_ingest()
                if ui:
                    stack.start_ui()
                if every:
                    stack.start_runs(every)
                _announce(stack, ui=ui, runs=bool(every))
                while True:
                    signal.pause()
            finally:
                # A second Ctrl-C must not leave a store half stopped.
                for number in STOP_SIGNALS:
                    signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        click.echo("stopped")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _announce(stack: Stack, *, ui: bool, runs: bool) -> None:
    """Addresses without passwords: this output ends up in logs and chats."""
    endpoints = stack.endpoints
    lines = {
        "ingest http": endpoints.ingest_url,
        "ingest grpc": endpoints.ingest_grpc,
        "clickhouse": without_user(endpoints.clickhouse_url),
        "mongodb": without_user(endpoints.mongodb_uri),
        "postgres": without_user(endpoints.postgres_dsn),
        "redis": without_user(endpoints.redis_url),
        "data folder": str(stack.folder.path),
    }
    if ui:
        lines["dagster"] = f"http://{HOST}:{stack.ports.ui}"
        lines["pages"] = f"http://{HOST}:{stack.ports.pages}"
    if runs:
        lines["metrics"] = f"http://{HOST}:{stack.ports.metrics}/metrics"
    for name, address in lines.items():
        click.echo(f"{name:<12} {address}")
    click.echo(f"ready (pid {os.getpid()}): addresses with passwords by `hxi env`, end by Ctrl-C")
