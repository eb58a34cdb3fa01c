"""How the ingest process starts, refuses to start, reports, and ends."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from hxi.admin.endpoints import Endpoints
from tests.conftest import TestProject
from tests.integration.ingest_doors.ingest_process import (
    IngestProcess,
    environment,
    run,
    stores_of,
)
from tests.unit.ingest_doors.door_clients import WAYS, open_way
from tests.unit.ingest_doors.sent_events import clicks
from tests.waiting import until


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[IngestProcess]:
    """An ingest whose stores are all down."""
    with IngestProcess(environment(tmp_path), tmp_path / "log") as process:
        yield process


@pytest.fixture
def ingest(endpoints: Endpoints, tmp_path: Path) -> Iterator[IngestProcess]:
    """An ingest on the session's stores."""
    variables = environment(tmp_path, **stores_of(endpoints))
    with IngestProcess(variables, tmp_path / "log") as process:
        yield process


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HXI_POSTGRES_DSN", "", "HXI_POSTGRES_DSN is not set: `hxi env` prints the addresses"),
        (
            "HXI_INGEST_HTTP_PORT",
            "http",
            "HXI_INGEST_HTTP_PORT must be a whole number from 0 to 65535, not 'http'",
        ),
        ("HXI_INGEST_LOG_LEVEL", "LOUD", "HXI_INGEST_LOG_LEVEL must be one of DEBUG, INFO, "),
        ("HXI_INGEST_SPOOL_BITES", "1", "unknown variable HXI_INGEST_SPOOL_BITES: known are "),
    ],
)
def test_an_unusable_setting_is_one_line_and_exit_code_2(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    ended = run(environment(tmp_path, **{variable: value}))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"ingest: {message}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("variable", ["HXI_INGEST_HTTP_PORT", "HXI_INGEST_GRPC_PORT"])
def test_a_taken_port_is_one_line(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(environment(tmp_path, **{variable: str(port)}))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"ingest: cannot listen on 127.0.0.1 port {port}: Address already in use;"
        f" stop what listens there or set {variable}\n"
    )


def test_the_ports_of_another_ingest_are_taken_too(tmp_path: Path, alone: IngestProcess) -> None:
    port = alone.grpc_address.rpartition(":")[2]
    ended = run(environment(tmp_path / "second", HXI_INGEST_GRPC_PORT=port))
    assert ended.returncode == 1
    assert f"port {port}: Address already in use" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_spool_serves_one_ingest(tmp_path: Path, alone: IngestProcess) -> None:
    ended = run(environment(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith("ingest: another ingest uses the spool in ")
    assert ended.stderr.count("\n") == 1


def test_a_host_that_is_none_of_ours_is_one_line(tmp_path: Path) -> None:
    ended = run(environment(tmp_path, HXI_INGEST_HOST="192.0.2.1"))
    assert ended.returncode == 1
    assert ended.stderr.startswith("ingest: cannot listen on 192.0.2.1 port 0: ")
    assert ended.stderr.count("\n") == 1


def test_without_any_store_it_is_up_but_not_ready(alone: IngestProcess) -> None:
    assert alone.health()["spool"]["batches"] == 0
    ready = httpx.get(f"{alone.http_url}/ready", timeout=30)
    assert ready.status_code == 503
    assert ready.json()["error"] == "clickhouse and mongodb and postgresql not ready"
    for way in WAYS:
        with open_way(way, alone.http_url, alone.grpc_address) as door:
            assert door.send(clicks(1, key="gs_" + "k" * 43)).code == "UNAVAILABLE"
    assert alone.stop() == 0


def test_with_all_stores_it_becomes_ready(ingest: IngestProcess) -> None:
    ready = f"{ingest.http_url}/ready"
    until(lambda: httpx.get(ready, timeout=30).status_code == 200, ingest.log)


def test_at_a_stop_what_is_under_way_is_answered_and_nothing_new_begins(
    ingest: IngestProcess, project: TestProject
) -> None:
    body = clicks(3, key=project.key).SerializeToString()
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    where = urlsplit(ingest.http_url)
    address = (where.hostname or "", where.port or 0)
    with (
        socket.create_connection(address) as idle,
        socket.create_connection(address) as busy,
    ):
        busy.sendall(head + body[:50])
        time.sleep(0.3)
        ingest.process.send_signal(signal.SIGTERM)
        until(lambda: not _accepts(address))
        busy.sendall(body[50:])
        busy.settimeout(20)
        answer = b""
        while part := busy.recv(65_536):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"eventsAccepted":3' in answer
        idle.settimeout(20)
        assert idle.recv(1) == b""
    assert ingest.process.wait(30) == 0
    assert "Traceback" not in ingest.log()


def _accepts(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(address) == 0


def test_a_stop_leaves_nothing_behind(alone: IngestProcess) -> None:
    children = psutil.Process(alone.process.pid).children(recursive=True)
    assert children == []
    assert alone.stop() == 0
    assert "Traceback" not in alone.log()
