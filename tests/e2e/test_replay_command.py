"""A recording goes in by events and comes out whole, in order, as it was sent."""

import gzip
import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from gosight.common_pb2 import Timestamp
from gosight.events_pb2 import EVENT_TYPE_PAGE_VIEW, EVENT_TYPE_REPLAY, Event, PageViewPayload
from gosight.ingest_pb2 import EventBatch
from gosight.replay_pb2 import ReplayEventPayload

from hxi.admin.errors import UserError
from hxi.load import load_batches
from hxi.replay import replay
from orchestration.run.refresh import refresh
from stack.embedded import Stack

START = int(time.time() * 1000) - 3_600_000


def recorded(session: str, at: int, data: bytes) -> Event:
    return Event(
        event_id=str(uuid4()),
        session_id=session,
        event_type=EVENT_TYPE_REPLAY,
        timestamp=Timestamp(millis=START + at),
        replay=ReplayEventPayload(rrweb_type=3, data=data),
    )


@pytest.mark.usefixtures("variables")
def test_a_recording_comes_out_as_it_was_sent(stack: Stack, tmp_path: Path) -> None:
    session = str(uuid4())
    sent = [
        {"type": 3, "timestamp": START + n, "data": {"source": 0, "texts": [{"value": f"é{n}"}]}}
        for n in range(40)
    ]
    one_by_one = [
        recorded(session, n, json.dumps(event).encode()) for n, event in enumerate(sent[:20])
    ]
    together = recorded(session, 20, gzip.compress(json.dumps(sent[20:]).encode()))
    view = Event(
        event_id=str(uuid4()),
        session_id=session,
        event_type=EVENT_TYPE_PAGE_VIEW,
        timestamp=Timestamp(millis=START),
        page_view=PageViewPayload(page_path="/"),
    )
    load_batches(stack.endpoints, [EventBatch(events=[together, *reversed(one_by_one), view])])
    refresh()

    out = tmp_path / "recording.json"
    result = CliRunner().invoke(replay, [session, "--out", str(out)])

    assert result.output == f"40 rrweb events -> {out}\n"
    assert json.loads(out.read_text()) == sent
    nobody = CliRunner().invoke(replay, [str(uuid4()), "--out", str(out)])
    assert isinstance(nobody.exception, UserError)
    assert not out.exists()
