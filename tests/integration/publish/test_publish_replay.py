"""Replay payloads and behaviour states as they are served."""

import gzip
import json
from dataclasses import replace
from uuid import UUID

import pytest

from tests.integration.publish.stand_in_marts import PROJECT, START, Visit, named
from tests.integration.publish.warehouse import Warehouse

SESSION = named("session")
STRANGE = [{"type": 2, "data": {"text": "tab\t line\n \r back\\slash \\N 🎉", "n": 1.5}}]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_replay_payloads_are_served_as_the_json_they_hold(warehouse: Warehouse, pack: type) -> None:
    texts = [json.dumps(STRANGE, ensure_ascii=False).encode(), b'{"type": 3}', b"[]"]
    visit = Visit(SESSION, chunks=tuple(pack(text) for text in texts))
    warehouse.marts.put(visit)
    warehouse.publish(visit)

    rows = sorted(warehouse.rows("session_replay_chunks"), key=lambda row: row["chunk_index"])
    assert [row["chunk_data"] for row in rows] == [STRANGE, {"type": 3}, []]
    assert {row["recorded_at"] for row in rows} == {START.replace(tzinfo=None)}


def test_a_payload_in_several_pieces_of_the_stream_arrives_whole(warehouse: Warehouse) -> None:
    texts = [json.dumps([{"type": 3, "text": letter * 3_000_000}]) for letter in "abc"]
    visit = Visit(SESSION, chunks=tuple(text.encode() for text in texts))
    warehouse.marts.put(visit)
    warehouse.publish(visit)

    rows = sorted(warehouse.rows("session_replay_chunks"), key=lambda row: row["chunk_index"])
    assert [row["chunk_data"] for row in rows] == [json.loads(text) for text in texts]


def test_a_payload_that_cannot_be_decoded_is_null(warehouse: Warehouse) -> None:
    visit = Visit(SESSION, chunks=(b"\x1f\x8bbroken", b"{}"))
    warehouse.marts.put(visit)
    warehouse.clickhouse.command(
        f"ALTER TABLE {warehouse.marts.database}.replay_chunks UPDATE problem = 'broken gzip'"
        " WHERE chunk_index = 0 SETTINGS mutations_sync = 1"
    )
    warehouse.publish(visit)

    rows = {
        row["chunk_index"]: row["chunk_data"] for row in warehouse.rows("session_replay_chunks")
    }
    assert rows == {0: None, 1: {}}


def test_what_postgresql_cannot_hold_is_taken_out_of_a_payload(warehouse: Warehouse) -> None:
    payload = '[{"type": 3, "text": "\\u0000"}]'
    visit = Visit(SESSION, chunks=(payload.encode(),))
    warehouse.marts.put(visit)
    warehouse.publish(visit)
    assert warehouse.row("session_replay_chunks")["chunk_data"] == [{"type": 3, "text": ""}]


def test_payloads_of_a_session_without_other_events_are_served_and_leave_with_it(
    warehouse: Warehouse,
) -> None:
    visit = Visit(SESSION)
    warehouse.marts.put(visit)
    for mart in ("sessions", "events", "journeys", "experience_scores", "behaviour_states"):
        warehouse.clickhouse.command(f"TRUNCATE TABLE {warehouse.marts.database}.{mart}")
    warehouse.publish(visit)
    assert warehouse.row("session_replay_chunks")["session_id"] == SESSION
    assert warehouse.rows("sessions") == []

    warehouse.marts.erase(visit)
    warehouse.publish(visit)
    assert warehouse.rows("session_replay_chunks") == []


def test_a_changed_payload_keeps_its_id(warehouse: Warehouse) -> None:
    visit = Visit(SESSION)
    warehouse.marts.put(visit)
    warehouse.publish(visit)
    before = warehouse.row("session_replay_chunks")

    changed = replace(visit, chunks=(b"{}",))
    warehouse.marts.put(changed)
    warehouse.publish(changed)
    assert warehouse.row("session_replay_chunks") == before | {"chunk_data": {}}


def test_a_behaviour_state_is_the_sessions_prediction(warehouse: Warehouse) -> None:
    warehouse.marts.put(Visit(SESSION))
    warehouse.publish(Visit(SESSION))

    row = warehouse.row("emotion_predictions")
    assert isinstance(row.pop("id"), int)
    assert row == {
        "project_id": UUID(PROJECT),
        "session_id": SESSION,
        "event_id": None,
        "predicted_emotion": "frustrated",
        "confidence": 0.1 + 0.2,
        "predicted_at": START.replace(tzinfo=None),
        "prediction_id": SESSION,
        "model_version": "bs-1",
    }
