"""From a door to both stores: what lands, what is set aside, and that the ledger adds up."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pymongo
import pytest
from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event, EventType

from tests.conftest import TestProject
from tests.integration.ingest_doors.conftest import Ledger
from tests.unit.ingest_doors.door_clients import Door
from tests.unit.ingest_doors.sent_events import BAD_EVENTS, batch, click, clicks

Landed = Callable[[list[str]], list[Ledger]]
Mongo: TypeAlias = "pymongo.MongoClient[dict[str, Any]]"
POISON = "what only a store refuses"


def custom(name: str) -> Event:
    event = click()
    event.event_type = EventType.EVENT_TYPE_CUSTOM
    event.custom_event.name = name
    return event


def counts(row: Ledger) -> dict[str, int]:
    names = ("received", "valid", "rejected", "landed", "duplicate", "refused_by_store")
    return {name: row[name] for name in names if row[name]}


def assert_adds_up(row: Ledger) -> None:
    assert row["received"] == row["valid"] + row["rejected"] + row["filtered"]
    parts = ("landed", "duplicate", "refused_by_store", "erased")
    assert row["valid"] == sum(row[name] for name in parts)


def in_clickhouse(clickhouse: Client, project: TestProject, table: str = "events") -> list[str]:
    rows = clickhouse.query(
        f"SELECT toString(event_id) FROM raw.{table} FINAL WHERE project_id = {{project:String}}",
        parameters={"project": project.id},
    ).result_rows
    return sorted(row[0] for row in rows)


def in_mongodb(mongo: Mongo, project: TestProject) -> list[str]:
    documents = mongo.hxi_events_db.events.find({"projectId": project.id}, {"eventId": 1})
    return sorted(document["eventId"] for document in documents)


def ids(events: list[Event]) -> list[str]:
    return sorted(event.event_id for event in events)


def test_events_land_in_both_stores_under_the_keys_project(
    door: Door, project: TestProject, landed: Landed, clickhouse: Client, mongo: Mongo
) -> None:
    sent = clicks(20, key=project.key)
    outcome = door.send(sent)
    (row,) = landed(outcome.batch_ids)
    assert counts(row) == {"received": 20, "valid": 20, "landed": 20}
    assert_adds_up(row)
    assert (row["project_id"], row["door"]) == (project.id, door.name)
    assert in_clickhouse(clickhouse, project) == in_mongodb(mongo, project) == ids([*sent.events])


def test_bad_events_are_kept_with_their_reasons_and_the_good_ones_land(
    door: Door, project: TestProject, landed: Landed, clickhouse: Client, mongo: Mongo
) -> None:
    bad = {reason: events[0] for reason, events in BAD_EVENTS.items()}
    del bad["event_too_large"]  # with the text that is too long it would be more than a batch
    good = [click(), click()]
    outcome = door.send(batch(good[0], *bad.values(), good[1], key=project.key))
    assert outcome.counts == (2, len(bad))
    (row,) = landed(outcome.batch_ids)
    assert counts(row) == {
        "received": len(bad) + 2,
        "valid": 2,
        "rejected": len(bad),
        "landed": 2,
    }
    assert row["reasons"] == dict.fromkeys(bad, 1)
    assert_adds_up(row)
    kept = clickhouse.query(
        "SELECT position, reason, event_id, raw != '' FROM raw.rejected_events FINAL"
        " WHERE project_id = {project:String} ORDER BY position",
        parameters={"project": project.id},
    ).result_rows
    assert [tuple(row) for row in kept] == [
        (position, reason, event.event_id, 1)
        for position, (reason, event) in enumerate(bad.items(), start=1)
    ]
    assert in_clickhouse(clickhouse, project) == in_mongodb(mongo, project) == ids(good)


def test_a_batch_sent_twice_lands_once(
    door: Door, project: TestProject, landed: Landed, clickhouse: Client, mongo: Mongo
) -> None:
    sent = clicks(10, key=project.key)
    # As upper case and without dashes it is the same event.
    again = batch(*sent.events, key=project.key)
    for number, event in enumerate(again.events):
        event.event_id = event.event_id.upper() if number % 2 else event.event_id.replace("-", "")
    batch_ids = [door.send(one).batch_ids[0] for one in (sent, sent, again)]
    rows = landed(batch_ids)
    assert sum(row["landed"] for row in rows) == 10
    assert sum(row["duplicate"] for row in rows) == 20
    for row in rows:
        assert_adds_up(row)
    assert in_clickhouse(clickhouse, project) == in_mongodb(mongo, project) == ids([*sent.events])


def test_replay_goes_to_its_own_table(
    door: Door, project: TestProject, landed: Landed, clickhouse: Client, mongo: Mongo
) -> None:
    replay = click()
    replay.event_type = EventType.EVENT_TYPE_REPLAY
    replay.replay.rrweb_type = 3
    replay.replay.data = bytes(range(256))
    outcome = door.send(batch(replay, click(), key=project.key))
    (row,) = landed(outcome.batch_ids)
    assert (row["landed"], row["landed_replay"]) == (2, 1)
    assert in_clickhouse(clickhouse, project, "replay_chunks") == [replay.event_id]
    chunk = mongo.hxi_session_db.replay_chunks.find_one({"projectId": project.id})
    assert chunk is not None
    assert bytes(chunk["data"]) == bytes(range(256))


@pytest.fixture
def poisoned(clickhouse: Client, project: TestProject) -> Iterator[TestProject]:
    """A project of whose events ClickHouse refuses those that are named POISON."""
    name = f"poison_{project.id.replace('-', '')}"
    check = f"NOT (project_id = '{project.id}' AND custom_name = '{POISON}')"
    clickhouse.command(f"ALTER TABLE raw.events ADD CONSTRAINT {name} CHECK {check}")
    yield project
    clickhouse.command(f"ALTER TABLE raw.events DROP CONSTRAINT {name}")


def test_what_only_a_store_refuses_is_set_aside_and_the_rest_lands(
    door: Door, poisoned: TestProject, landed: Landed, clickhouse: Client, mongo: Mongo
) -> None:
    good = [custom(f"good {number}") for number in range(40)]
    poison = [custom(POISON), custom(POISON)]
    events = [*good[:10], poison[0], *good[10:25], poison[1], *good[25:]]
    before, mixed, after = (
        door.send(one).batch_ids[0]
        for one in (
            clicks(3, key=poisoned.key),
            batch(*events, key=poisoned.key),
            clicks(3, key=poisoned.key),
        )
    )
    rows = landed([before, mixed, after])
    assert [counts(row) for row in rows] == [
        {"received": 3, "valid": 3, "landed": 3},
        {"received": 42, "valid": 42, "landed": 40, "refused_by_store": 2},
        {"received": 3, "valid": 3, "landed": 3},
    ]
    assert rows[1]["reasons"] == {"refused_by_store": 2}
    for row in rows:
        assert_adds_up(row)
    both = in_clickhouse(clickhouse, poisoned)
    assert both == in_mongodb(mongo, poisoned)
    assert set(ids(good)) <= set(both)
    assert not set(ids(poison)) & set(both)
    kept = clickhouse.query(
        "SELECT position, reason, event_id FROM raw.rejected_events FINAL"
        " WHERE project_id = {project:String} ORDER BY position",
        parameters={"project": poisoned.id},
    ).result_rows
    assert [tuple(row) for row in kept] == [
        (10, "refused_by_store", poison[0].event_id),
        (26, "refused_by_store", poison[1].event_id),
    ]
