"""MongoDB's derived documents beside the marts and PostgreSQL they are compared with."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from ingest.schema import mongo as schema
from orchestration.documents import changes, writing
from orchestration.documents.agreement import disagreements
from orchestration.documents.collection import Derived
from orchestration.documents.collections import (
    DERIVED,
    EMOTION_PREDICTIONS,
    HEATMAPS,
    JOURNEYS,
    SESSIONS,
)
from orchestration.documents.freshness import freshness
from orchestration.documents.rewriting import bring_up_to_date, leave_out
from orchestration.documents.sessions import FEW_SESSIONS, by_project, few
from orchestration.publish import parts
from orchestration.run.refresh import refresh
from tests.e2e.conftest import PlannedWarehouse
from tests.e2e.derived_warehouse import Mongo, Warehouse
from tests.e2e.scheduler import Scheduler

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def warehouse(
    planned_warehouse: PlannedWarehouse,
    endpoints: Endpoints,
    mongo: Mongo,
    variables: None,
) -> Warehouse:
    return Warehouse(endpoints, planned_warehouse.client, mongo, planned_warehouse.project_id)


def test_documents_say_what_the_marts_say(warehouse: Warehouse) -> None:
    ((session, events),) = warehouse.rows(
        "SELECT toString(session_id), count() AS n FROM gosight.events"
        " WHERE project_id = {project:String} AND session_id IN (SELECT session_id"
        " FROM gosight.behaviour_states WHERE project_id = {project:String})"
        " GROUP BY session_id ORDER BY n DESC, session_id LIMIT 1"
    )
    of_session = {
        "projectId": {"$eq": warehouse.project},
        "sessionId": {"$eq": session},
    }
    where = f"WHERE project_id = {{project:String}} AND session_id = '{session}'"
    found = list(schema.SESSION_EVENTS.of(warehouse.mongo).find(of_session).sort("ts", 1))
    assert len(found) == events
    assert sorted((one["type"], one["eventId"], one["screen"] or "") for one in found) == (
        warehouse.rows(
            f"SELECT event_type, toString(event_id), path FROM gosight.events {where} ORDER BY ALL"
        )
    )
    ((first, last),) = warehouse.rows(
        f"SELECT min(timestamp), max(timestamp) FROM gosight.events {where}"
    )
    assert (found[0]["ts"], found[-1]["ts"]) == (_utc(first), _utc(last))
    assert all(isinstance(one["payload"], dict) for one in found)
    assert any(one["payload"] for one in found)
    (journey,) = schema.JOURNEYS.of(warehouse.mongo).find(of_session)
    assert [(one["step"], one["screen"]) for one in journey["steps"]] == warehouse.rows(
        f"SELECT step, path FROM gosight.journeys {where} ORDER BY step"
    )
    points = schema.HEATMAPS.of(warehouse.mongo).find({**of_session, "x": {"$ne": None}})
    assert sorted((one["screen"], one["x"], one["y"]) for one in points) == warehouse.rows(
        f"SELECT path, click_x, click_y FROM gosight.events {where} AND event_type = 'click'"
        " AND click_x IS NOT NULL AND click_y IS NOT NULL ORDER BY ALL"
    )
    (summary,) = schema.SESSIONS.of(warehouse.mongo).find(of_session)
    assert [
        (
            summary["userId"] or "",
            summary["device"],
            summary["durationMs"],
            summary["meta"]["deviceId"],
        )
    ] == warehouse.rows(f"SELECT user_id, os, duration_ms, device_id FROM gosight.sessions {where}")
    assert (summary["startedAt"], summary["endedAt"]) == (_utc(first), _utc(last))
    (said,) = schema.EMOTION_PREDICTIONS.of(warehouse.mongo).find(of_session)
    assert [(said["emotion"], said["confidence"], said["modelVersion"])] == warehouse.rows(
        f"SELECT rule_state, rule_confidence, rule_version FROM gosight.behaviour_states {where}"
    )


def test_payloads_of_recordings_are_numbered_in_order(warehouse: Warehouse) -> None:
    found = schema.REPLAY_CHUNKS.of(warehouse.mongo).find({"projectId": {"$eq": warehouse.project}})
    numbered = sorted((one["sessionId"], one["chunkIndex"], one["eventId"]) for one in found)
    assert numbered
    assert numbered == warehouse.rows(
        "SELECT toString(session_id) AS session, chunk_index, toString(event_id)"
        " FROM gosight.replay_chunks WHERE project_id = {project:String}"
        " ORDER BY session, chunk_index"
    )


def test_what_did_not_change_is_not_written_again(warehouse: Warehouse) -> None:
    for derived in DERIVED:
        warehouse.doubt(derived)
        assert warehouse.differences(derived) == []
    assert warehouse.written(*DERIVED) == 0


def test_a_write_that_died_is_made_good_by_the_next_run(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = warehouse.documents()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", die)
        with pytest.raises(KeyboardInterrupt):
            warehouse.written(JOURNEYS, full=True)
    assert warehouse.differences(JOURNEYS)
    assert warehouse.written(JOURNEYS) > 0
    assert warehouse.documents() == before


def test_a_run_that_writes_twice_leaves_documents_of_its_last_rows(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = changes.begin

    def begin_and_merge(client: Client, attempts: list[changes.Attempt]) -> list[changes.Begun]:
        """As the server may at any time: earlier rows are gone."""
        count = begin(client, attempts)
        client.command("OPTIMIZE TABLE ops.derived_documents FINAL")
        return count

    monkeypatch.setattr(changes, "begin", begin_and_merge)
    before, run = warehouse.documents(), warehouse.run()
    ((session,),) = warehouse.rows(
        "SELECT toString(max(session_id)) FROM gosight.journeys WHERE project_id = {project:String}"
    )
    less = replace(
        JOURNEYS,
        rows=f"SELECT * FROM ({JOURNEYS.rows}) WHERE toString(session_id) != '{session}'",
    )
    leave_out(run, [JOURNEYS])
    served = freshness(warehouse.client).served
    bring_up_to_date(run, [JOURNEYS], served)
    for derived, count in ((less, 0), (JOURNEYS, 1)):
        warehouse.doubt(derived)
        bring_up_to_date(run, [derived], served)
        found = schema.JOURNEYS.of(warehouse.mongo).count_documents({"sessionId": {"$eq": session}})
        assert found == count
    assert warehouse.documents() == before


def test_a_collection_that_is_switched_off_is_emptied_and_filled_again_later(
    warehouse: Warehouse,
) -> None:
    before = warehouse.documents()
    leave_out(warehouse.run(), [JOURNEYS])
    assert warehouse.documents()["mongodb.journeys"] == []
    assert warehouse.written(JOURNEYS) > 0
    assert warehouse.documents() == before


@pytest.mark.parametrize(
    ("derived", "change", "said"),
    [
        (JOURNEYS, None, "hxi_journey_db.journeys: documents"),
        (JOURNEYS, {"stepCount": 999}, "hxi_journey_db.journeys: stepCount"),
        (SESSIONS, None, "hxi_session_db.sessions: documents"),
        (HEATMAPS, {"x": -7}, "hxi_heatmap_db.heatmaps: x"),
        (HEATMAPS, {"scroll": 10**9}, "hxi_heatmap_db.heatmaps: scroll"),
        (EMOTION_PREDICTIONS, {"confidence": 2}, "hxi_emotion_db.emotion_predictions: confidence"),
    ],
)
def test_a_document_changed_behind_the_pipelines_back_is_noticed(
    warehouse: Warehouse, derived: Derived, change: dict[str, Any] | None, said: str
) -> None:
    with spoiled(warehouse, derived, change):
        differences = warehouse.differences(derived)
        assert [one for one in differences if one.startswith(said)]
        assert [one for one in differences if warehouse.project not in one] == []
    assert warehouse.differences(derived) == []


def test_of_many_sessions_each_run_compares_a_part(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEW_SESSIONS", 0)
    monkeypatch.setattr(parts, "SLICES", 16)
    turns = [parts.due(warehouse.client, 0, partial(int, turn)) for turn in range(parts.SLICES)]

    def noticed() -> list[list[str]]:
        with clients.postgres(warehouse.endpoints.postgres_dsn) as postgres:
            arguments = (warehouse.client, warehouse.mongo, postgres, [JOURNEYS])
            return [[str(one) for _, one in disagreements(*arguments, turn)] for turn in turns]

    assert noticed() == [[]] * parts.SLICES
    with spoiled(warehouse, JOURNEYS, {"stepCount": 999}):
        (said,) = [one for one in noticed() if one]
        assert "stepCount" in said[0]
    left = {"_id": "left", "projectId": warehouse.project, "sessionId": "of no mart"}
    schema.JOURNEYS.of(warehouse.mongo).insert_one(left)
    assert all("documents" in one[0] for one in noticed())
    schema.JOURNEYS.of(warehouse.mongo).delete_one({"_id": "left"})


def test_the_engine_takes_a_statement_that_names_few_sessions_for_every_collection(
    warehouse: Warehouse,
) -> None:
    made_up = (
        "SELECT toString(generateUUIDv4(number)) AS project_id,"
        f" generateUUIDv4(number + 1) AS session_id FROM numbers({FEW_SESSIONS})"
    )
    named = few(warehouse.client, made_up)
    assert named
    attempts = [changes.Attempt(one, 0, named.sessions) for one in DERIVED]
    assert changes.begin(warehouse.client, attempts) == [changes.Begun(0, 0)] * len(DERIVED)


def test_the_sessions_that_were_written_are_compared_in_all_stores(
    warehouse: Warehouse, postgres: psycopg.Connection[Any]
) -> None:
    sessions = (
        "SELECT project_id, session_id FROM gosight.journeys"
        f" WHERE project_id = '{warehouse.project}' ORDER BY session_id LIMIT 3"
    )
    part = parts.Named(sessions, by_project(warehouse.client, sessions))

    def noticed() -> list[str]:
        arguments = (warehouse.client, warehouse.mongo, postgres, [JOURNEYS], [part])
        return [str(one) for _, one in disagreements(*arguments)]

    assert noticed() == []
    with spoiled(warehouse, JOURNEYS, {"stepCount": 999}, of=part.ids[warehouse.project][0]):
        assert ["stepCount" in one for one in noticed()] == [True]
    with postgres.transaction(force_rollback=True):
        postgres.execute(
            "DELETE FROM hxi.journey_steps WHERE session_id = %s", (part.ids[warehouse.project][0],)
        )
        assert [one.split(":")[0] for one in noticed()] == ["hxi.journey_steps"]
    assert parts.Named("", {}).of_served("uuid") == "false"


def test_postgresql_is_compared_with_the_same_marts(warehouse: Warehouse) -> None:
    with clients.postgres(warehouse.endpoints.postgres_dsn) as connection:
        connection.autocommit = False
        with connection.transaction(force_rollback=True):
            connection.execute(
                "DELETE FROM hxi.journey_steps WHERE step_number = 1 AND project_id = %s",
                (warehouse.project,),
            )
            found = disagreements(warehouse.client, warehouse.mongo, connection, [JOURNEYS])
            ((_, difference),) = found
    assert str(difference).startswith("hxi.journey_steps: stepCount")


def test_a_disagreement_fails_the_run_and_counts_as_behind(warehouse: Warehouse) -> None:
    documents = dg.AssetSelection.groups("documents")
    with dg.DagsterInstance.ephemeral() as instance:
        scheduler = Scheduler(instance)
        with spoiled(warehouse, JOURNEYS, None):
            ran = scheduler.refresh()
            assert re.search(r"journeys: documents .* --full-refresh", ran.error)
            assert freshness(warehouse.client).is_behind
        assert scheduler.again(ran, from_failure=True).error == ""
        assert not freshness(warehouse.client).is_behind
        planned = dg.AssetSelection.assets(dg.AssetKey(["ops", "planned_sessions"]))
        assert scheduler.materialise(planned).error == ""
        assert "is open" in scheduler.materialise(documents).error
        assert scheduler.refresh().error == ""


def test_an_outside_models_word_goes_before_the_rules(
    warehouse: Warehouse, postgres: psycopg.Connection[Any]
) -> None:
    collection = schema.EMOTION_PREDICTIONS.of(warehouse.mongo)
    ours = collection.find_one({"projectId": {"$eq": warehouse.project}})
    assert ours is not None
    session = ours["sessionId"]
    said_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    word = {"projectId": warehouse.project, "sessionId": session, "timestamp": said_at}
    other = collection.find_one(
        {"projectId": {"$eq": warehouse.project}, "sessionId": {"$ne": session}}
    )
    assert other is not None
    of_an_event = {"sessionId": other["sessionId"], "eventId": str(uuid4())}
    said = collection.insert_many(
        [
            {**word, "emotion": "calm", "confidence": 0.25, "modelVersion": "m-2"},
            {**word, **of_an_event, "emotion": "later", "confidence": 1},
            {**word, "emotion": "wrong", "confidence": 7},
        ]
    ).inserted_ids
    refresh()
    where = f"WHERE project_id = {{project:String}} AND session_id = '{session}'"
    assert warehouse.rows(
        "SELECT state, confidence, model_version, rule_state, rule_version"
        f" FROM gosight.behaviour_states {where}"
    ) == [("calm", 0.25, "m-2", ours["emotion"], "bs-1")]
    of_other = f"session_id = '{other['sessionId']}'"
    assert warehouse.rows(
        "SELECT toString(event_id), emotion FROM raw.predictions"
        f" WHERE project_id = {{project:String}} AND {of_other}"
    ) == [(of_an_event["eventId"], "later")]
    assert warehouse.rows(
        "SELECT state, model_version FROM gosight.behaviour_states"
        f" WHERE project_id = {{project:String}} AND {of_other}"
    ) == [(other["emotion"], "bs-1")], "said of one event, not of the session"
    assert collection.find_one({"_id": ours["_id"]}) == ours
    published = postgres.execute(
        "SELECT predicted_emotion, confidence, model_version, predicted_at"
        " FROM hxi.emotion_predictions WHERE session_id = %s AND project_id = %s",
        (session, warehouse.project),
    ).fetchall()
    assert published == [("calm", 0.25, "m-2", said_at.replace(tzinfo=None))]

    # Taken back, the rules speak again; other tests read this warehouse.
    collection.delete_many({"_id": {"$in": said}})
    refresh()
    assert warehouse.rows(f"SELECT state, model_version FROM gosight.behaviour_states {where}") == [
        (ours["emotion"], "bs-1")
    ]


@contextmanager
def spoiled(
    warehouse: Warehouse, derived: Derived, change: dict[str, Any] | None, of: str = ""
) -> Iterator[None]:
    """A document of the project (`of` this session) changed, or gone for None; then as before."""
    collection = derived.spec.of(warehouse.mongo)
    only = {"sessionId": of} if of else {}
    whole = collection.find_one({"projectId": {"$eq": warehouse.project}, **only, **derived.ours})
    assert whole is not None
    if change is None:
        collection.delete_one({"_id": whole["_id"]})
    else:
        collection.update_one({"_id": whole["_id"]}, {"$set": change})
    try:
        yield
    finally:
        collection.replace_one({"_id": whole["_id"]}, whole, upsert=True)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
