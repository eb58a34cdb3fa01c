"""How the stack's own services are run on top of the stores: ingest, pages, Dagster's pages."""

import hashlib
import os
import signal
import sys
from pathlib import Path

from hxi.admin.endpoints import Endpoints
from hxi.admin.folder import CHECKOUT, DataFolder, dbt_target
from hxi.admin.urls import answers_ok
from stack.ports import HOST, Ports
from stack.supervisor import Program

# A run at work is let to its end for so long; killed, the next one repeats it.
RUN_STOP_SECONDS = 20.0
KEEPER = Path(__file__).with_name("keeper.py")
DAGSTER_SETTINGS = Path(__file__).with_name("dagster.yaml")
# Of the settings that earlier versions wrote: SHA-256, its first digits.
EARLIER_SETTINGS = frozenset({"3fae54066104e59d", "5c4e01f03c5aca97", "e923efbebd3c5b48"})


def ingest(folder: DataFolder, ports: Ports, endpoints: Endpoints, postgres_dsn: str) -> Program:
    """Both doors and the lander; ready when the spool and all stores are.

    `postgres_dsn` is its own login, given instead of the owner's.
    """
    return Program(
        name="ingest",
        command=[sys.executable, "-m", "ingest"],
        is_ready=lambda: answers_ok(f"{endpoints.ingest_url}/ready"),
        environment={
            **endpoints.environment(),
            **_python_path(),
            "HXI_POSTGRES_DSN": postgres_dsn,
            "HXI_INGEST_POSTGRES_DSN": postgres_dsn,
            "HXI_INGEST_HOST": HOST,
            # On loopback; a certificate is for ingests of one's own.
            "HXI_INGEST_TLS_CERTIFICATE": "",
            "HXI_INGEST_TLS_KEY": "",
            "HXI_INGEST_HTTP_PORT": str(ports.ingest_http),
            "HXI_INGEST_GRPC_PORT": str(ports.ingest_grpc),
            "HXI_INGEST_SPOOL_DIR": str(folder.spool),
        },
    )


def runs(folder: DataFolder, ports: Ports, endpoints: Endpoints, every: float) -> Program:
    """`hxi run --every`: ready as soon as it goes; what it says is in its log."""
    again = ["--every", f"{every:g}s", "--metrics-port", str(ports.metrics)]
    return Program(
        name="runs",
        command=[sys.executable, "-u", "-m", "hxi", "run", *again],
        is_ready=lambda: True,
        environment={**endpoints.environment(), **_python_path(), **dbt_target(folder.path)},
        stop_seconds=RUN_STOP_SECONDS,
    )


def dagster(folder: DataFolder, ports: Ports, endpoints: Endpoints) -> Program:
    """Pages, daemon and code server; its history lies in the data folder."""
    home = folder.store("dagster")

    def before_start() -> None:
        home.mkdir(exist_ok=True)
        write_once(home / "dagster.yaml")

    return Program(
        name="ui",
        command=[
            *(sys.executable, str(KEEPER)),
            *(sys.executable, "-m", "dagster", "dev", "-w", str(CHECKOUT / "workspace.yaml")),
            *("-h", HOST, "-p", str(ports.ui)),
        ],
        is_ready=lambda: answers_ok(f"http://{HOST}:{ports.ui}/server_info"),
        environment={
            **endpoints.environment(),
            **_python_path(),
            **dbt_target(folder.path),
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            # Its successor is another package; this one does what is needed.
            "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded",
        },
        before_start=before_start,
        death_signal=signal.SIGTERM,  # the keeper then ends what Dagster started
    )


def pages(ports: Ports, endpoints: Endpoints) -> Program:
    """What people look at; signed in with a BI login."""
    return Program(
        name="pages",
        command=[sys.executable, "-m", "pages"],
        is_ready=lambda: answers_ok(f"http://{HOST}:{ports.pages}/ready"),
        environment={
            **endpoints.environment(),
            **_python_path(),
            "HXI_PAGES_HOST": HOST,
            "HXI_PAGES_PORT": str(ports.pages),
        },
    )


def write_once(settings: Path) -> None:
    """Ours, unless somebody has written others."""
    if not settings.exists() or _digest(settings) in EARLIER_SETTINGS:
        settings.write_text(DAGSTER_SETTINGS.read_text())


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _python_path() -> dict[str, str]:
    """Lets `python -m` find this project's packages from any working directory."""
    return {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "proto")])}
