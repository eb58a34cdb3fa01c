"""Events landed per second from a full spool, beside bare inserts of the same rows."""

import gc
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from clickhouse_connect.driver.client import Client
from gosight.ingest_pb2 import EventBatch

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from ingest.decode.arrow import EVENTS, table
from ingest.decode.documents import event_document
from ingest.decode.events import BatchFacts, Decoded, Flattener, decode
from ingest.decode.rows import Templates, event_row
from ingest.landing.lander import COLLECTOR, Lander
from ingest.schema import mongo as schema
from ingest.settings import Settings
from ingest.sinks.mongodb import connect, document_id
from ingest.spool import Spool
from tests.benchmarks.processor import Clock, watched
from tests.benchmarks.report import Report, timed
from tests.benchmarks.spooled import spooled

BLOCK = 10_000
SCRATCH = "hxi_bench"
POLL_SECONDS = 0.05


def measure(
    report: Report, endpoints: Endpoints, stores: Mapping[str, int], batches: Sequence[EventBatch]
) -> None:
    """Into a project of its own, so that every event is new. `stores`: their processes."""
    pids = {name: stores[name] for name in ("mongodb", "clickhouse")}
    events = sum(len(batch.events) for batch in batches)
    report.section(f"landing: {events:,} events in blocks of up to {BLOCK:,}")
    facts = BatchFacts(str(uuid4()), str(uuid4()), int(time.time() * 1000), "bench")
    memory = Flattener()
    sent = (decode(event, memory) for batch in batches for event in batch.events)
    decoded = [event for event in sent if not event.is_replay]
    documents = [event_document(event, facts) for event in decoded]
    templates = Templates()
    tables = [
        table((event_row(event, facts, templates) for event in block), EVENTS)
        for block in _blocks(decoded)
    ]
    gc.set_threshold(*COLLECTOR)  # the lander's, so that neither side looks for cycles more often
    with watched(pids) as bare_processor, _ours(bare_processor):
        mongodb = timed(lambda: _bare_mongodb(endpoints, documents)).seconds
        clickhouse = timed(lambda: _bare_clickhouse(endpoints, tables)).seconds
    report.rate("bare insert_many, one writer, the same indexes", events, mongodb)
    report.rate("bare insert_arrow", events, clickhouse)
    bare = report.rate("both, one after the other", events, mongodb + clickhouse)
    with watched(pids) as processor, _ours(processor):
        seconds = _land(endpoints, batches)
    landed = report.rate("lander, both stores and the ledger", events, seconds)
    report.ratio("lander / both", landed / bare, "bar: 0.8")
    for name in processor:
        report.microseconds(f"processor an event, bare: {name}", bare_processor[name] / events)
        report.microseconds(f"processor an event, lander: {name}", processor[name] / events)


@contextmanager
def _ours(clock: Clock) -> Iterator[None]:
    """Adds what this process took, without the stores, which are its children."""
    before = time.process_time()
    yield
    clock["client"] = time.process_time() - before


def _blocks(decoded: Sequence[Decoded]) -> Iterator[Sequence[Decoded]]:
    for start in range(0, len(decoded), BLOCK):
        yield decoded[start : start + BLOCK]


def _bare_mongodb(endpoints: Endpoints, documents: Sequence[dict[str, Any]]) -> None:
    """As durable as the lander's, with its `_id`s, into a collection with its indexes."""
    spec = replace(schema.EVENTS, database=SCRATCH)
    for document in documents:
        document["_id"] = document_id(document["projectId"], document["eventId"])
    with connect(endpoints.mongodb_uri) as client:
        schema.index(client, spec)
        collection = spec.of(client)
        for start in range(0, len(documents), BLOCK):
            collection.insert_many(documents[start : start + BLOCK], ordered=False)
        client.drop_database(SCRATCH)


def _bare_clickhouse(endpoints: Endpoints, tables: Sequence[Any]) -> None:
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        scratch(client)
        client.command(f"CREATE OR REPLACE TABLE {SCRATCH}.landing AS raw.events")
        for one in tables:
            client.insert_arrow(f"{SCRATCH}.landing", one)
        client.command(f"DROP TABLE {SCRATCH}.landing")


def scratch(client: Client) -> None:
    """A database that only benchmarks use."""
    client.command(f"CREATE DATABASE IF NOT EXISTS {SCRATCH}")


def _land(endpoints: Endpoints, batches: Sequence[EventBatch]) -> float:
    """Seconds from the lander's start until the spool is empty."""
    project = str(uuid4())
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder), 1 << 34) as spool:
        for one in [spool.append(spooled(batch, project)) for batch in batches]:
            one.result()
        lander = Lander(spool, _settings(endpoints, Path(folder)))
        started = time.perf_counter()
        lander.start()
        while spool.depth().batches:
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - started
        lander.stop(10)
    return seconds


def _settings(endpoints: Endpoints, spool_dir: Path) -> Settings:
    return Settings(
        clickhouse_url=endpoints.clickhouse_url,
        mongodb_uri=endpoints.mongodb_uri,
        postgres_dsn=endpoints.postgres_dsn,
        spool_dir=spool_dir,
    )
