"""Acknowledged events per second through both doors, beside a bare parse and spool append."""

import asyncio
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx
from gosight.ingest_pb2 import EventBatch

from hxi.admin.endpoints import Endpoints
from ingest.spool import Spool
from tests.benchmarks.report import Report, timed
from tests.benchmarks.spooled import spooled

CLIENTS = 8
PROJECT = "bench"


def measure(report: Report, endpoints: Endpoints, batches: Sequence[EventBatch]) -> None:
    """Each door gets all batches, from `CLIENTS` clients at once, while rows are landed."""
    bodies = [batch.SerializeToString() for batch in batches]
    events = sum(len(batch.events) for batch in batches)
    report.section(f"doors: {events:,} events in {len(bodies):,} batches, {CLIENTS} clients")
    bare = report.rate("bare parse + spool append", events, timed(lambda: _bare(bodies)).seconds)
    http = report.rate(
        "HTTP, protobuf", events, timed(lambda: asyncio.run(send_http(endpoints, bodies))).seconds
    )
    rpc = report.rate("gRPC, SendBatch", events, timed(lambda: _grpc(endpoints, bodies)).seconds)
    report.ratio("HTTP / bare", http / bare)
    report.ratio("gRPC / bare", rpc / bare)


def _bare(bodies: Sequence[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder), 1 << 34) as spool:
        written = []
        for body in bodies:
            batch = EventBatch.FromString(body)
            written.append(spool.append(spooled(batch, PROJECT)))
        for one in written:
            one.result()


async def send_http(endpoints: Endpoints, bodies: Sequence[bytes]) -> None:
    """Until every batch is acknowledged, from `CLIENTS` clients."""
    waiting = iter(bodies)
    headers = {"content-type": "application/x-protobuf", "x-gosight-key": endpoints.project_key}

    async def send(client: httpx.AsyncClient) -> None:
        for body in waiting:
            answer = await client.post("/v1/events", content=body, headers=headers)
            while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                await asyncio.sleep(0.2)
                answer = await client.post("/v1/events", content=body, headers=headers)
            answer.raise_for_status()

    async with httpx.AsyncClient(base_url=endpoints.ingest_url, timeout=60) as client:
        await asyncio.gather(*(send(client) for _ in range(CLIENTS)))


def _grpc(endpoints: Endpoints, bodies: Sequence[bytes]) -> None:
    lock, waiting = threading.Lock(), iter(bodies)
    metadata = (("x-gosight-key", endpoints.project_key),)

    def send(_: int) -> None:
        with grpc.insecure_channel(endpoints.ingest_grpc) as channel:
            send_batch = channel.unary_unary(
                "/gosight.IngestService/SendBatch"
            )  # bytes as they are
            while True:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                send_batch(body, metadata=metadata, wait_for_ready=True, timeout=60)

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, range(CLIENTS)))
