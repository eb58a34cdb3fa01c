"""`hxi metrics`, and what `hxi run --every` shows at the same address while it stays up."""

import hmac
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import click
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer, generate_latest
from prometheus_client.process_collector import ProcessCollector

from hxi.admin.endpoints import Endpoints, resolve
from hxi.admin.errors import BusyError
from hxi.options import data_dir_option

if TYPE_CHECKING:
    from orchestration.run.outcome import Refreshed

HOST = "127.0.0.1"
PORT = 28308
TOKEN = "HXI_METRICS_TOKEN"  # noqa: S105 - the variable's name
RUN_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Runs:
    """What the runs of this process did; all of it is 0 again after a new start."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "hxi_runs",
            "Runs of this process that had something to do.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "hxi_run_seconds", "How long these took.", buckets=RUN_SECONDS, registry=registry
        )
        self._steps = Gauge(
            "hxi_run_step_seconds", "Steps of the newest run.", ["step"], registry=registry
        )
        self._sessions = Counter("hxi_run_sessions", "Sessions rebuilt.", registry=registry)
        self._rows = Counter(
            "hxi_run_rows", "Rows written, by stage.", ["stage"], registry=registry
        )
        self._failed = Gauge(
            "hxi_run_failed_checks", "Checks of the newest run that failed.", registry=registry
        )

    def ended(self, refreshed: "Refreshed", seconds: float) -> None:
        """A run that came to its end, whatever its checks found."""
        self._ended.labels("failed_checks" if refreshed.failed_checks else "done").inc()
        self._seconds.observe(seconds)
        self._failed.set(len(refreshed.failed_checks))
        self._sessions.inc(refreshed.planned_sessions)
        self._steps.clear()
        for step, took in refreshed.seconds.items():
            self._steps.labels(step).set(took)
        for stage, rows in refreshed.written.items():
            self._rows.labels(stage).inc(rows)

    def failed(self) -> None:
        """A run that stopped; the next one repeats it."""
        self._ended.labels("failed").inc()


def warehouse(endpoints: Endpoints) -> CollectorRegistry:
    """How the stores stand, and this process."""
    # The stores' clients: not for every command.
    from orchestration.checks.metrics import Warehouse
    from orchestration.stores.settings import Settings

    registry = CollectorRegistry()
    registry.register(Warehouse(Settings.from_environment(endpoints.environment())))
    ProcessCollector(registry=registry)
    return registry


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """A scrape is nothing to tell of."""


@contextmanager
def served(registry: CollectorRegistry, port: int, token: str = "") -> Iterator[None]:
    """/metrics on loopback for the length of the block. BusyError when the port is taken."""
    host = os.environ.get("HXI_METRICS_HOST", HOST)
    app = _guarded(make_wsgi_app(registry), token or os.environ.get(TOKEN, ""))
    try:
        server = make_server(host, port, app, ThreadingWSGIServer, handler_class=_Quiet)
    except OSError as error:
        reason = error.strerror or error
        raise BusyError(f"cannot serve metrics on {host} port {port}: {reason}") from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _guarded(app: Any, token: str) -> Callable[..., Iterable[bytes]]:
    def guarded(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        brought = environment.get("HTTP_AUTHORIZATION", "").encode("latin-1")
        if environment["PATH_INFO"] != "/metrics":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"metrics are at /metrics\n"]
        if token and not hmac.compare_digest(brought, f"Bearer {token}".encode()):
            start("401 Unauthorized", [("Content-Type", "text/plain")])
            return [f"metrics want the token of {TOKEN}\n".encode()]
        found: Iterable[bytes] = app(environment, start)
        return found

    return guarded


@click.command()
@data_dir_option
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--once", is_flag=True, help="Print them and end: for a text-file collector.")
def metrics(data_dir: Path | None, port: int, *, once: bool) -> None:
    """Serve how the warehouse stands at /metrics, for Prometheus, until Ctrl-C.

    Beside Dagster or cron; `hxi run --every` with --metrics-port serves the same and its own runs.
    """
    registry = warehouse(resolve(data_dir))
    if once:
        click.echo(generate_latest(registry), nl=False)
        return
    with served(registry, port):
        click.echo(f"http://{HOST}:{port}/metrics  (pid {os.getpid()}), end by Ctrl-C")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
