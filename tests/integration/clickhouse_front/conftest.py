"""One front for the whole folder; a database of its own for each test."""

import signal
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.clickhouse_front.front_process import Front


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    started = Front(tmp_path_factory.mktemp("front") / "data")
    try:
        started.wait_ready()
        yield started
    finally:
        started.end(signal.SIGTERM)


@pytest.fixture
def database(front: Front) -> Iterator[str]:
    """A database nobody else uses."""
    name = f"test_{uuid4().hex}"
    with front.client() as admin:
        admin.command(f"CREATE DATABASE {name}")
        yield name
        admin.command(f"DROP DATABASE {name}")


@pytest.fixture
def client(front: Front, database: str) -> Iterator[Client]:
    """The owner, in a database of its own."""
    with front.client(database=database) as connected:
        yield connected


@pytest.fixture
def http(front: Front, database: str) -> Iterator[httpx.Client]:
    """The owner over plain HTTP, in the same database."""
    with front.http() as connected:
        connected.params = connected.params.set("database", database)
        yield connected
