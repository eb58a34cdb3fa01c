"""One request seen in the log and in a trace by its ids; an ingest whose stores speak TLS."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import httpx
from clickhouse_connect.driver.client import Client

from hxi.admin.endpoints import Endpoints
from hxi.admin.folder import CHECKOUT
from stack.embedded import Stack
from tests.certificates import behind_tls, made_in
from tests.collector import attributes, collecting
from tests.conftest import TestProject
from tests.integration.ingest_doors.conftest import wait_landed
from tests.integration.ingest_doors.ingest_process import (
    IngestProcess,
    environment,
    run,
    stores_of,
)
from tests.unit.ingest_doors.sent_events import clicks

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def test_a_request_is_one_in_the_log_the_ledger_and_the_trace_of_its_client(
    endpoints: Endpoints, project: TestProject, clickhouse: Client, tmp_path: Path
) -> None:
    with collecting() as collector:
        variables = environment(
            tmp_path,
            **stores_of(endpoints),
            HXI_LOG_FORMAT="json",
            HXI_INGEST_LOG_LEVEL="DEBUG",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        )
        with IngestProcess(variables, tmp_path / "log") as ingest:
            sent = {"X-Request-Id": "shop-17", "traceparent": f"00-{TRACE}-{PARENT}-01"}
            body = clicks(3, key=project.key).SerializeToString()
            answer = httpx.post(f"{ingest.http_url}/v1/events", content=body, headers=sent)
            refused = httpx.post(f"{ingest.http_url}/v1/events", content=b"")
            batch = answer.headers["x-gosight-batch-id"]
            assert answer.headers["x-request-id"] == "shop-17"
            wait_landed(clickhouse, [batch])
            assert ingest.stop() == 0
        lines = [json.loads(line) for line in ingest.log().splitlines()]
    assert {"timestamp", "level", "logger", "message"} <= lines[0].keys()
    (kept,) = (line for line in lines if line.get("batch_id") == batch)
    assert (kept["request_id"], kept["events"], kept["level"]) == ("shop-17", 3, "DEBUG")
    assert any(batch in line.get("batch_ids", ()) for line in lines), "landed"
    other = refused.headers["x-request-id"]
    assert any(line.get("request_id") == other and "no key" in line["message"] for line in lines)
    taken = next(span for span in collector.named("ingest http") if not span.status.code)
    assert (taken.trace_id.hex(), taken.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(taken)["batch_id"] == batch
    assert [span.status.message for span in collector.named("ingest http") if span.status.code]
    assert collector.named("landing")
    assert collector.services == {"hxi-ingest"}


def test_a_log_format_that_is_none_is_told(tmp_path: Path) -> None:
    ended = run(environment(tmp_path, HXI_LOG_FORMAT="xml"))
    assert ended.returncode == 2
    assert "HXI_LOG_FORMAT must be one of text, json, not 'xml'" in ended.stderr


def test_stores_that_speak_tls_are_trusted_by_their_authority_alone(
    stack: Stack,
    project: TestProject,
    clickhouse: Client,
    tmp_path: Path,
) -> None:
    made, ports, passwords = made_in(tmp_path), stack.ports, stack.passwords
    authority = quote(str(made.authority), safe="")
    with ExitStack() as proxies:
        at = {
            name: proxies.enter_context(
                behind_tls(getattr(ports, name), made, is_postgresql=name == "postgres")
            )
            for name in ("clickhouse", "mongodb", "postgres", "redis")
        }
        addresses = {
            "HXI_CLICKHOUSE_URL": f"https://hxi:{passwords.clickhouse}@127.0.0.1:{at['clickhouse']}"
            "/gosight",
            "HXI_MONGODB_URI": f"mongodb://127.0.0.1:{at['mongodb']}/?tls=true&tlsCAFile={authority}",
            "HXI_POSTGRES_DSN": f"postgresql://hxi:{passwords.postgres}@127.0.0.1:{at['postgres']}"
            f"/hxi_dashboard?sslmode=verify-full&sslrootcert={authority}",
            "HXI_REDIS_URL": f"rediss://:{passwords.redis}@127.0.0.1:{at['redis']}"
            f"?ssl_ca_certs={authority}",
        }
        trusting = {**addresses, "SSL_CERT_FILE": str(made.authority)}
        assert stores_up(addresses)["clickhouse"] is False, "its authority is unknown"
        assert [*stores_up(trusting).values()] == [True] * 4
        variables = environment(tmp_path, **trusting)
        with IngestProcess(variables, tmp_path / "log") as ingest:
            body = clicks(2, key=project.key).SerializeToString()
            answer = httpx.post(f"{ingest.http_url}/v1/events", content=body)
            wait_landed(clickhouse, [answer.headers["x-gosight-batch-id"]])
            assert httpx.get(f"{ingest.http_url}/ready").status_code == 200


def stores_up(addresses: dict[str, str]) -> dict[str, bool]:
    """As `hxi status` says in a process of its own: clients keep what they trusted first."""
    told = subprocess.run(
        [sys.executable, "-m", "hxi", "status", "--json"],
        env=os.environ | addresses,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    stores: dict[str, bool] = json.loads(told.stdout)["stores"]
    return stores
