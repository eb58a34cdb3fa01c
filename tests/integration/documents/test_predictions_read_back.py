"""What outside models write to MongoDB, change and delete arrives in raw.predictions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from pymongo import MongoClient

from ingest.schema.mongo import EMOTION_PREDICTIONS
from ingest.sinks.clickhouse import ClickHouseSink
from orchestration.raw import outside_predictions as predictions
from orchestration.raw.erasure import erase_sessions
from orchestration.raw.outside_predictions import ReadBack, read_back

Mongo = MongoClient[dict[str, Any]]


@dataclass
class Outside:
    """An outside model at work on a project of its own."""

    mongo: Mongo
    clickhouse: Client
    project: str = field(default_factory=lambda: str(uuid4()))

    def predict(self, session: str, **fields: Any) -> Any:
        document = {
            "projectId": self.project,
            "sessionId": session,
            "emotion": "calm",
            "confidence": 0.25,
            "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
        }
        return EMOTION_PREDICTIONS.of(self.mongo).insert_one(document | fields).inserted_id

    def read_back(self) -> ReadBack:
        return read_back(self.mongo, self.clickhouse, self.project)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Emotion and confidence of each prediction, by session."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for session, *values in self.clickhouse.query(
            "SELECT toString(session_id), emotion, confidence FROM raw.predictions"
            " WHERE project_id = {project:String} ORDER BY ALL",
            parameters={"project": self.project},
        ).result_rows:
            found.setdefault(session, []).append(tuple(values))
        return found

    def index(self) -> dict[str, int]:
        rows = self.clickhouse.query(
            "SELECT toString(session_id), sum(n) FROM raw.session_index"
            " WHERE project_id = {project:String} GROUP BY 1",
            parameters={"project": self.project},
        ).result_rows
        return {session: int(count) for session, count in rows}


@pytest.fixture
def outside(mongo: Mongo, clickhouse: Client) -> Iterator[Outside]:
    model = Outside(mongo, clickhouse)
    yield model
    EMOTION_PREDICTIONS.of(mongo).delete_many({"projectId": {"$eq": model.project}})
    model.read_back()


def test_what_is_new_changed_or_gone_is_landed_and_bumps_the_index_once(outside: Outside) -> None:
    first, second = str(uuid4()), str(uuid4())
    key = outside.predict(first)
    outside.predict(first, eventId=str(uuid4()), emotion="cross")
    outside.predict(second, source="rules")  # ours
    assert outside.read_back().sessions == 1
    assert outside.rows() == {first: [("calm", 0.25), ("cross", 0.25)]}
    assert outside.index() == {first: 1}

    outside.predict(second)
    again = outside.read_back()
    assert (again.sessions, again.predictions) == (1, 3)
    assert outside.read_back().sessions == 0
    assert outside.index() == {first: 1, second: 1}

    collection = EMOTION_PREDICTIONS.of(outside.mongo)
    collection.update_one({"_id": key}, {"$set": {"confidence": 0.75}})
    assert outside.read_back().sessions == 1
    assert outside.rows()[first] == [("calm", 0.75), ("cross", 0.25)]
    collection.delete_many({"sessionId": {"$eq": first}})
    assert outside.read_back().sessions == 1
    assert outside.rows() == {second: [("calm", 0.25)]}
    assert outside.index() == {first: 3, second: 1}


def test_bad_documents_are_counted_by_reason_and_stop_no_other(outside: Outside) -> None:
    good = str(uuid4())
    outside.predict(good)
    outside.predict(good, confidence=2)
    outside.predict("not-a-uuid")
    outside.predict("not-a-uuid-either")
    found = outside.read_back()
    assert outside.rows() == {good: [("calm", 0.25)]}
    assert sorted(found.refused.values()) == [1, 2]


def test_a_reader_that_dies_half_way_is_repeated_with_another_bump(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = str(uuid4())
    outside.predict(session)
    outside.read_back()
    EMOTION_PREDICTIONS.of(outside.mongo).update_one(
        {"sessionId": {"$eq": session}}, {"$set": {"emotion": "cross"}}
    )

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ClickHouseSink, "command", die)
        with pytest.raises(KeyboardInterrupt):
            outside.read_back()
    assert outside.read_back().sessions == 1
    assert outside.rows() == {session: [("cross", 0.25)]}
    assert outside.index() == {session: 3}


def test_an_erasure_takes_predictions_along_for_good(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "SESSIONS", 1)
    kept, erased = str(uuid4()), str(uuid4())
    outside.predict(kept)
    outside.predict(erased)
    outside.read_back()
    erase_sessions(outside.mongo, outside.clickhouse, outside.project, [erased], 0.0)
    assert outside.rows() == {kept: [("calm", 0.25)]}
    outside.predict(erased)
    assert outside.read_back().refused == {"the session was erased": 1}
    assert outside.rows() == {kept: [("calm", 0.25)]}
