"""A fresh project on the real stores, and a real reason for ClickHouse to refuse an event."""

from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from pymongo import MongoClient

from tests.integration.ingest_landing.landing_world import World
from tests.unit.ingest_landing.landing_batches import POISON


@pytest.fixture
def world(mongo: "MongoClient[dict[str, Any]]", clickhouse: Client) -> World:
    """A project that nobody else writes to."""
    return World(mongo, clickhouse)


@pytest.fixture
def other_world(mongo: "MongoClient[dict[str, Any]]", clickhouse: Client) -> World:
    """A second such project."""
    return World(mongo, clickhouse)


@pytest.fixture
def poisonable(clickhouse: Client) -> Iterator[None]:
    """raw.events refuses custom events named POISON."""
    clickhouse.command(
        f"ALTER TABLE raw.events ADD CONSTRAINT no_poison CHECK custom_name != '{POISON}'"
    )
    yield
    clickhouse.command("ALTER TABLE raw.events DROP CONSTRAINT no_poison")
