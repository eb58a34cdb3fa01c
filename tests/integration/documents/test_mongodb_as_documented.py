"""MongoDB's collections and indexes beside their document."""

import re
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from ingest.schema.mongo import COLLECTIONS
from tests import source_tables
from tests.integration.publish.documents import deviations
from tests.source_tables import Indexes, Keys

DOCUMENT = "004_hxi_mongo.md"
LED_BY_THE_PROJECT = "projectId leads every index"
# What an index of the document is here, where it is not the same with the project in front.
BY_EVENT = "unique by projectId, eventId"
OF_ITS_OWN = "an index of its own"
ELSEWHERE: dict[tuple[str, Keys], str] = {("replay_chunks", ("sessionId", "chunkIndex")): BY_EVENT}


def documented(document: Path) -> dict[str, Indexes]:
    """Keys of each index and whether it is unique, by database and collection."""
    found: dict[str, Indexes] = {}
    text = document.read_text()
    for section in re.split(r"^## \d+\) ", text, flags=re.MULTILINE)[1:]:
        database = section.split()[0]
        collections = found.setdefault(database, {})
        for name, keys, options in re.findall(
            r"db\.(\w+)\.createIndex\(\{([^}]*)\}(.*)\);", section
        ):
            names = tuple(re.findall(r"(\w+):", keys))
            collections.setdefault(name, {})[names] = "unique: true" in options
    return found


def live(mongo: "MongoClient[dict[str, Any]]", database: str) -> Indexes:
    """The same of a server, without the index of _id."""
    return {
        name: {
            tuple(key for key, _ in index["key"]): bool(index.get("unique"))
            for index in mongo[database][name].index_information().values()
            if tuple(index["key"]) != (("_id", 1),)
        }
        for name in mongo[database].list_collection_names()
    }


def expected(documents: Indexes) -> Indexes:
    """What should be there by the document and the list of deviations."""
    listed = deviations("hxi_mongo")
    assert any(one.table == "*" and one.is_now == LED_BY_THE_PROJECT for one in listed)
    ids = {one.table for one in listed if (one.columns, one.is_now) == (("eventId",), BY_EVENT)}
    indexes: Indexes = {}
    for name, declared in documents.items():
        indexes[name] = {}
        for keys, is_unique in declared.items():
            other = ELSEWHERE.get((name, keys))
            is_listed = any(one.table == name and one.is_now == other for one in listed)
            assert other is None or is_listed
            indexes[name]["projectId", *keys] = is_unique and other is None
        if name in ids:
            indexes[name]["projectId", "eventId"] = True
        for one in listed:
            if (one.table, one.is_now) == (name, OF_ITS_OWN):
                indexes[name][one.columns] = False
    return indexes


@pytest.fixture(scope="module")
def facts() -> dict[str, Indexes]:
    return source_tables.collections()


def test_the_facts_are_what_the_document_says() -> None:
    made = documented(source_tables.document(DOCUMENT))
    assert source_tables.of_collections(made) == source_tables.facts("mongodb")


def test_every_collection_is_in_its_database_and_no_other(
    mongo: "MongoClient[dict[str, Any]]", facts: dict[str, Indexes]
) -> None:
    assert len(facts) == 5
    for database, collections in facts.items():
        assert live(mongo, database).keys() == collections.keys()
    assert {(spec.database, spec.name) for spec in COLLECTIONS} == {
        (database, name) for database, names in facts.items() for name in names
    }


def test_indexes_and_their_uniqueness_are_the_documents_but_for_the_listed_deviations(
    mongo: "MongoClient[dict[str, Any]]", facts: dict[str, Indexes]
) -> None:
    for database, collections in facts.items():
        assert live(mongo, database) == expected(collections)
