"""A load larger than ingest's spool waits while a store is down, and goes on when it is back."""

import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from gosight.events_pb2 import EventType
from gosight.ingest_pb2 import EventBatch

from hxi.admin.endpoints import STORES, Endpoints, variable
from hxi.load import Door
from hxi.load.loading import Options, load_files
from simulate.output import batch_writer
from stack.embedded import Stack
from tests.waiting import until

SPOOL_BYTES = 16 << 20  # the least that ingest takes
BATCHES = 20
EVENTS_A_BATCH = 18
EVENT_BYTES = 60_000


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of more bytes than the spool holds."""
    now, session = int(time.time() * 1000), str(uuid4())
    path = tmp_path / "large.binpb"
    with batch_writer(path) as write:
        for _ in range(BATCHES):
            batch = EventBatch()
            for _ in range(EVENTS_A_BATCH):
                batch.events.add(
                    event_id=str(uuid4()),
                    session_id=session,
                    event_type=EventType.EVENT_TYPE_PAGE_VISIBLE,
                    custom={"note": "x" * EVENT_BYTES},
                ).timestamp.millis = now
            write(batch)
    assert path.stat().st_size > SPOOL_BYTES * 1.2
    return path


@pytest.fixture
def small(
    own: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Stack, Endpoints]]:
    """An ingest with a small spool before the session's stores, but a MongoDB of its own."""
    monkeypatch.setenv("HXI_INGEST_SPOOL_BYTES", str(SPOOL_BYTES))
    theirs = [variable(name) for name in STORES if name != "mongodb_uri"]
    with Stack(tmp_path / "small", environment={n: own.environment()[n] for n in theirs}) as stack:
        stack.start_stores()
        stack.start_ingest()
        key, project = own.project_key, own.project_id
        yield stack, replace(stack.endpoints, project_id=project, project_key=key)


@pytest.mark.parametrize("door", ["grpc", "http"])
def test_a_full_spool_is_waited_for_and_nothing_is_sent_twice(
    small: tuple[Stack, Endpoints], large: Path, door: Door
) -> None:
    stack, endpoints = small

    def is_full() -> bool:
        with urllib.request.urlopen(f"{endpoints.ingest_url}/health", timeout=10) as answer:
            spool: dict[str, Any] = json.load(answer)["spool"]
        return bool(spool["bytes"] > SPOOL_BYTES - EVENTS_A_BATCH * EVENT_BYTES * 1.1)

    stack.supervisor.halt("mongodb")
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(load_files, endpoints, [large], Options(door=door))
        try:
            until(is_full)
            assert not load.done()
        finally:
            stack.supervisor.resume("mongodb")
        totals = load.result(timeout=200)
    events = BATCHES * EVENTS_A_BATCH
    assert (totals.received, totals.landed, totals.duplicate) == (events, events, 0)
