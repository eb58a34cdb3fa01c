"""Which failures of a store are waited out, and which cost an event."""

import socket
from collections.abc import Sequence

import pytest
from bson.errors import InvalidDocument
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from pymongo.errors import AutoReconnect, NotPrimaryError, OperationFailure

from ingest.errors import RefusedByStoreError, SettingsError, StoreDownError
from ingest.sinks import clickhouse, mongodb, names
from ingest.sinks.split import write_or_split


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("bad", [set(), {0}, {9}, {3, 4}, {0, 5, 9}, set(range(10))])
def test_only_the_refused_rows_are_left_out(bad: set[int]) -> None:
    written: list[int] = []

    def write(numbers: Sequence[int]) -> None:
        if bad & set(numbers):
            raise RefusedByStoreError(f"no to {min(bad & set(numbers))}")
        written.extend(numbers)

    refused = write_or_split(write, list(range(10)))
    assert refused == {number: f"no to {number}" for number in bad}
    assert written == [number for number in range(10) if number not in bad]


def test_one_refused_row_of_many_costs_few_tries() -> None:
    tries = 0

    def write(numbers: Sequence[int]) -> None:
        nonlocal tries
        tries += 1
        if 4321 in numbers:
            raise RefusedByStoreError("no")

    assert write_or_split(write, list(range(10_000))).keys() == {4321}
    assert tries < 40


def test_a_store_that_is_down_ends_the_search() -> None:
    def write(numbers: Sequence[int]) -> None:
        raise StoreDownError("down") if len(numbers) < 3 else RefusedByStoreError("no")

    with pytest.raises(StoreDownError):
        write_or_split(write, list(range(10)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AutoReconnect("connection closed"), StoreDownError),
        (NotPrimaryError("not primary"), StoreDownError),
        (OperationFailure("no rights", code=13), StoreDownError),
        (OperationFailure("disk is full", code=14031), StoreDownError),
        (OperationFailure("database is locked", code=8), StoreDownError),
        (OperationFailure("Invalid JSON document", code=8), RefusedByStoreError),
        (OperationFailure("validation failed", code=121), RefusedByStoreError),
        (InvalidDocument("key must be a text"), RefusedByStoreError),
        (OverflowError("8-byte ints only"), RefusedByStoreError),
    ],
)
def test_mongodb_errors_are_told_apart(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected), mongodb.translated():
        raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("refused connection"), StoreDownError),
        (DatabaseError("constraint", code=469), RefusedByStoreError),
        (DatabaseError("cannot parse UUID", code=376), RefusedByStoreError),
        (DatabaseError("unknown table", code=60), StoreDownError),
        (DatabaseError("too many parts", code=252), StoreDownError),
        (DatabaseError("memory limit", code=241), StoreDownError),
        (ConnectionResetError("reset"), StoreDownError),
    ],
)
def test_clickhouse_errors_are_told_apart(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected), clickhouse.translated():
        raise error


def test_a_row_that_no_column_holds_is_refused_before_it_is_sent() -> None:
    def never() -> Client:
        raise AssertionError("nothing is to be sent")

    row = {"project_id": "p", "session_id": "s", "n": -1}
    with pytest.raises(RefusedByStoreError, match="columns cannot hold it"):
        clickhouse.ClickHouseSink(never).insert(names.SESSION_INDEX, [row])


def test_stores_that_are_not_there_are_down_in_the_same_words_each_time() -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    told = set()
    for _ in range(2):
        with pytest.raises(StoreDownError) as down:
            clickhouse.ClickHouseSink(lambda: clickhouse.connect(address)).ping()
        told.add(str(down.value))
    assert len(told) == 1
    uri = f"mongodb://127.0.0.1:{closed_port()}/?serverSelectionTimeoutMS=100"
    with mongodb.connect(uri) as client, pytest.raises(StoreDownError):
        mongodb.MongoSink(client).ping()


def test_an_address_that_is_none_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match="HXI_MONGODB_URI cannot be used"):
        mongodb.connect("postgres://here")
