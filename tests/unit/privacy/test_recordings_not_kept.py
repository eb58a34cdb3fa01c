"""Of a project that keeps no recordings the door stores what runs judge them by, and no page."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from gosight.events_pb2 import EVENT_TYPE_REPLAY, Event
from gosight.ingest_pb2 import EventBatch
from gosight.replay_pb2 import ReplayEventPayload

from ingest.decode.envelope import Envelope
from ingest.decode.rrweb import facts_only
from ingest.judging import judge
from ingest.privacy.policy import Policy, policy_of
from orchestration.signals.replay_facts.decode import decoded

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = 1_772_366_400_000
RECORDING = [
    {"type": 2, "timestamp": 1_000, "data": {"node": {"textContent": "Anna's balance"}}},
    {"type": 3, "timestamp": 1_200, "data": {"source": 0, "texts": [{"value": "secret"}]}},
    {"type": 3, "timestamp": 1_300, "data": {"source": 3, "id": 7, "y": 40}},
    {"type": 3, "timestamp": 1_400, "data": {"source": 14, "ranges": []}},
    {"type": 5, "timestamp": 2_000, "data": {"tag": "secret", "payload": {}}},
]
PACKED = gzip.compress(json.dumps(RECORDING).encode())


def test_what_is_kept_of_a_payload_has_the_same_facts_and_nothing_of_the_page() -> None:
    kept = facts_only(PACKED)
    before, after = decoded(PACKED, AT), decoded(kept, AT)
    assert {**before, "data_size": 0} == {**after, "data_size": 0}
    assert before["mutations"]
    assert kept.startswith(b'[{"facts":1')
    assert b"Anna" not in kept
    assert b"secret" not in kept


@pytest.mark.parametrize("odd", [b"", b"no json", b"\x1f\x8bbroken", b'{"no": "event"}'])
def test_of_a_payload_that_cannot_be_read_nothing_is_kept(odd: bytes) -> None:
    assert facts_only(odd) == b""


@pytest.mark.parametrize(
    ("storage", "is_kept"), [({"replay": "off"}, False), ({"replay": "cold"}, True), ({}, True)]
)
def test_the_door_keeps_recordings_as_the_project_says(
    storage: dict[str, str], is_kept: bool
) -> None:
    policy = policy_of(json.dumps({"storage": storage}).encode())
    judged = judge(envelope_of(recorded()), NOW, 0, policy, is_backfill=False)
    (event,) = judged.events
    assert (event.replay.data == PACKED) is is_kept
    assert bool(judged.privacy["recording_not_kept"]) is not is_kept


def test_bytes_of_a_refused_recording_are_not_kept_either() -> None:
    refused = recorded()
    refused.timestamp.millis = 1
    policy = Policy(keeps_recordings=False)
    judged = judge(envelope_of(refused), NOW, 0, policy, is_backfill=False)
    assert [one.raw for one in judged.refused] == [b""]


def recorded() -> Event:
    event = Event(
        event_id="4b4d1d2a-0a51-4a1c-8f6e-0f6a1a6f0001",
        session_id="4b4d1d2a-0a51-4a1c-8f6e-0f6a1a6f0002",
        event_type=EVENT_TYPE_REPLAY,
        replay=ReplayEventPayload(rrweb_type=2, data=PACKED),
    )
    event.timestamp.millis = NOW - 1_000
    return event


def envelope_of(event: Event) -> Envelope:
    batch = EventBatch(events=[event])
    return Envelope(
        events=list(batch.events), project_key="", sent_at=NOW, sdk_version="", batch=batch
    )
