"""Collections and indexes of the document of record, and refusals by an index."""

import time
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from ingest.landing.items import items_of
from ingest.schema.mongo import COLLECTIONS, EMOTION_PREDICTIONS, CollectionSpec, prepare
from ingest.sinks.interface import Kind
from ingest.sinks.mongodb import MongoSink
from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import custom, event

Mongo = MongoClient[dict[str, Any]]


@pytest.mark.parametrize("spec", COLLECTIONS, ids=lambda spec: spec.name)
def test_every_index_that_a_project_asks_for_is_led_by_it(
    mongo: Mongo, spec: CollectionSpec
) -> None:
    prepare(mongo)
    prepare(mongo)
    found = {
        tuple(name for name, _ in index["key"]): bool(index.get("unique"))
        for index in spec.of(mongo).index_information().values()
    }
    del found[("_id",)]
    declared = {tuple(name for name, _ in keys): True for keys in spec.unique}
    declared |= {tuple(name for name, _ in keys): False for keys in spec.indexes}
    assert found == declared
    of_all_projects = (
        {("source", "projectId", "sessionId")} if spec is EMOTION_PREDICTIONS else set()
    )
    assert {names[0] for names in found.keys() - of_all_projects} == {"projectId"}


def test_one_session_s_predictions_are_found_without_reading_those_of_others(mongo: Mongo) -> None:
    """As documents are rewritten: those of ours. The embedded server estimates no index's worth."""
    prepare(mongo)
    predictions = EMOTION_PREDICTIONS.of(mongo)
    project = uuid4().hex
    predictions.insert_many(
        {"projectId": project, "sessionId": str(number), "source": "rules"}
        for number in range(20_000)
    )

    def seconds(**wanted: str) -> float:
        began = time.perf_counter()
        for number in range(20):
            one = {"projectId": project, "sessionId": str(number), **wanted}
            assert len(list(predictions.find(one))) == 1
        return time.perf_counter() - began

    try:
        assert min(seconds(source="rules") for _ in range(3)) < 10 * min(
            seconds() for _ in range(3)
        )
    finally:
        predictions.delete_many({"projectId": project})


def test_a_key_that_belongs_to_no_event_is_a_refusal(world: World, mongo: Mongo) -> None:
    """Not a duplicate: no document of that event is there, however often it is sent."""
    events = mongo.hxi_events_db.events
    name = events.create_index([("poisonKey", 1)], unique=True)
    try:
        batch = world.batch("batch", event("a"), custom("b"), event("c"))
        documents = [item.document() for item in items_of([batch])]
        documents[0]["poisonKey"] = documents[1]["poisonKey"] = world.project_id
        written = MongoSink(mongo).insert(Kind.EVENTS, documents)
    finally:
        events.drop_index(name)
    assert written.refused.keys() == {1}
    assert written.owners == {0: batch.batch_id, 2: batch.batch_id}
