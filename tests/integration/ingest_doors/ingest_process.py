"""`python -m ingest` as a process of the test's own, on a spool of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx

from hxi.admin.endpoints import Endpoints
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]
# Nothing listens on the discard port.
NOWHERE = {
    "HXI_CLICKHOUSE_URL": "http://127.0.0.1:9",
    "HXI_MONGODB_URI": "mongodb://127.0.0.1:9",
    "HXI_POSTGRES_DSN": "postgresql://127.0.0.1:9/none",
}


def stores_of(endpoints: Endpoints) -> dict[str, str]:
    return {name: endpoints.environment()[name] for name in NOWHERE}


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Free ports and no store, unless `variables` say otherwise."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("HXI_")}
    return {
        **outer,
        **NOWHERE,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto")]),
        "HXI_INGEST_SPOOL_DIR": str(folder / "spool"),
        "HXI_INGEST_HTTP_PORT": "0",
        "HXI_INGEST_GRPC_PORT": "0",
        **variables,
    }


def run(variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """For a process that is to end by itself."""
    command = [sys.executable, "-m", "ingest"]
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


class IngestProcess:
    """A context manager; restarted ones keep their ports and their spool."""

    def __init__(self, variables: dict[str, str], log: Path) -> None:
        self._variables = variables
        self._log = log

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def start(self) -> None:
        """Return when the doors are open."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ingest"],
                env=self._variables,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        with self.process.stdout as output:
            line = output.readline()
        found = re.fullmatch(r"ingest is open: HTTP on port (\d+), gRPC on port (\d+)\n", line)
        assert found, line + self._log.read_text()
        http, grpc = found.groups()
        self.http_url, self.grpc_address = f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}"
        self._variables |= {"HXI_INGEST_HTTP_PORT": http, "HXI_INGEST_GRPC_PORT": grpc}

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def log(self) -> str:
        return self._log.read_text()

    def health(self) -> dict[str, Any]:
        facts: dict[str, Any] = httpx.get(f"{self.http_url}/health", timeout=30).json()
        return facts

    def wait_drained(self) -> None:
        until(lambda: not self.health()["spool"]["batches"], self.health, 120)
