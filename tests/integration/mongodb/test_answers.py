"""The embedded MongoDB answers as plain Python does, or refuses as MongoDB refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, CodecOptions, Int64, ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from tests.integration.mongodb.made_documents import Document, documents
from tests.integration.mongodb.plain_pipelines import pipeline, plainly

PIPELINES = 400
# Stages, expressions and accumulators of MongoDB that are not on the embedded server.
REFUSED: list[tuple[int, list[Document]]] = [
    (40324, [{"$bucketAuto": {"groupBy": "$count", "buckets": 3}}]),
    (40324, [{"$facet": {"n": [{"$count": "n"}]}}]),
    (40324, [{"$lookup": {"from": "x", "localField": "a", "foreignField": "b", "as": "c"}}]),
    (40324, [{"$sample": {"size": 3}}]),
    (40324, [{"$setWindowFields": {"output": {}}}]),
    (
        15952,
        [{"$group": {"_id": None, "p": {"$percentile": {"input": "$count", "p": [0.5]}}}}],
    ),
    (15952, [{"$group": {"_id": None, "s": {"$stdDevPop": "$count"}}}]),
    (168, [{"$project": {"a": {"$dateFromString": {"dateString": "2026"}}}}]),
    (168, [{"$project": {"a": {"$sortArray": {"input": "$steps", "sortBy": 1}}}}]),
    (2, [{"$match": {"place": {"$near": [1, 2]}}}]),
    (2, [{"$match": {"$where": "true"}}]),
]


@pytest.fixture(scope="module")
def given() -> list[Document]:
    """What is in the collection."""
    return documents(Random(11), 120)


@pytest.fixture
def collection(
    mongo: MongoClient[Document], given: list[Document]
) -> Iterator[Collection[Document]]:
    """With an index that leads by a field of the filters, as ours do."""
    database = f"answers_{uuid4().hex[:8]}"
    options: CodecOptions[Any] = CodecOptions(tz_aware=True, tzinfo=UTC)
    made = mongo[database].get_collection("some", codec_options=options)
    made.create_index([("project", 1), ("screen", 1)])
    made.insert_many(given)
    yield made
    mongo.drop_database(database)


def comparable(value: Any) -> Any:
    """Without the order of fields, nor of lists whose order MongoDB leaves open."""
    if isinstance(value, dict):
        return {
            name: sorted(map(repr, one)) if name in ("ids", "screens") else comparable(one)
            for name, one in sorted(value.items())
        }
    if isinstance(value, float):
        return round(value, 9)
    return [comparable(one) for one in value] if isinstance(value, list) else value


def test_generated_pipelines_are_answered_as_plain_python_answers_them(
    collection: Collection[Document], given: list[Document]
) -> None:
    """All stages used here are meant to be answered, so a refusal is a failure too."""
    random = Random(2026)
    wrong = []
    for _ in range(PIPELINES):
        steps = pipeline(random)
        stages = [step.stage for step in steps]
        found = sorted(repr(comparable(one)) for one in collection.aggregate(stages))
        wanted = sorted(repr(comparable(one)) for one in plainly(steps, given))
        if found != wanted:
            wrong.append((stages, found[:3], wanted[:3]))
    assert wrong == []


def test_an_order_is_kept_by_what_follows_it(
    collection: Collection[Document], given: list[Document]
) -> None:
    stages: list[Document] = [
        {"$sort": {"when": -1}},
        {"$skip": 3},
        {"$limit": 5},
        {"$project": {"when": 1}},
    ]
    wanted = sorted(given, key=lambda one: one["when"], reverse=True)[3:8]
    found = collection.aggregate(stages)
    assert [one["_id"] for one in found] == [one["_id"] for one in wanted]
    by_find = collection.find({}, {"_id": 1}).sort("when", -1).skip(3).limit(5)
    assert [one["_id"] for one in by_find] == [one["_id"] for one in wanted]


@pytest.mark.parametrize(("code", "stages"), REFUSED)
def test_what_it_does_not_have_is_refused_with_mongodbs_code(
    collection: Collection[Document], code: int, stages: list[Document]
) -> None:
    with pytest.raises(OperationFailure) as refusal:
        list(collection.aggregate(stages))
    assert refusal.value.code == code


def test_distinct_values_and_counts_are_those_of_plain_python(
    collection: Collection[Document], given: list[Document]
) -> None:
    for name in ("screen", "value", "tags", "when"):
        kept = [one[name] for one in given if name in one]
        each = [one for value in kept for one in (value if isinstance(value, list) else [value])]
        found = collection.distinct(name)
        assert {repr(comparable(one)) for one in found} == {repr(comparable(one)) for one in each}
        assert len(found) == len({repr(one) for one in found})
        assert set(map(repr, collection.distinct(name, {"_id": {"$exists": True}}))) == set(
            map(repr, found)
        )
    counted = collection.count_documents({"project": "a", "screen": {"$in": ["/", "/help"]}})
    assert counted == sum(
        one["project"] == "a" and one.get("screen") in ("/", "/help") for one in given
    )
    for name, value in (("screen", "/"), ("tags", "red"), ("value", 3)):
        unlike = collection.database.command("count", collection.name, query={name: {"$ne": value}})
        assert unlike["n"] == len(list(collection.find({name: {"$ne": value}})))


def test_updates_and_deletes_find_what_plain_python_finds(
    collection: Collection[Document], given: list[Document]
) -> None:
    late = sorted(one["when"] for one in given)[60]
    reds = [one["_id"] for one in given if "red" in (one.get("tags") or [])]
    assert collection.update_many({"tags": "red"}, {"$set": {"seen": 1}}).modified_count == len(
        reds
    )
    assert sorted(one["_id"] for one in collection.find({"seen": 1})) == sorted(reds)
    update = collection.update_one({"when": {"$gt": late}}, {"$set": {"seen": 2}})
    assert (update.matched_count, collection.count_documents({"seen": 2})) == (1, 1)
    new = collection.update_one({"place.x": 99}, {"$set": {"seen": 3}}, upsert=True)
    assert new.upserted_id is not None
    assert collection.delete_many({"when": {"$lte": late}}).deleted_count == 61
    assert collection.count_documents({}) == len(given) - 61 + 1
    left = [one["_id"] for one in collection.find({"project": "a", "tags": "red"})]
    kept = [one for one in reds if one not in left]
    assert collection.delete_many({"project": "a", "tags": "red"}).deleted_count == len(left) > 0
    assert collection.count_documents({"_id": {"$in": left}}) == 0
    assert {one["_id"] for one in collection.find({"tags": "red"})} <= set(kept)
    rest = collection.count_documents({})
    assert (collection.delete_many({}).deleted_count, collection.count_documents({})) == (rest, 0)


def test_values_come_back_as_they_were_given(mongo: MongoClient[Document]) -> None:
    document = {
        "_id": ObjectId(),
        "binary": Binary(b"\x00\xff", 4),
        "long": Int64(2**62),
        "when": datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
        "id": "5f0000000000000000000000",
        "deep": [[{"a": None}], True, 1.0],
    }
    collection = mongo[f"answers_{uuid4().hex[:8]}"]["kept"]
    try:
        collection.insert_one(document)
        for wanted in (
            {"_id": document["_id"]},
            {"id": document["id"]},
            {"when": document["when"]},
        ):
            assert list(collection.find(wanted)) == [document]
        collection.delete_one({"id": document["id"]})
        assert collection.count_documents({}) == 0
    finally:
        mongo.drop_database(collection.database)


def test_a_client_learns_the_version(mongo: MongoClient[Document]) -> None:
    assert mongo.server_info()["versionArray"][0] == 7
