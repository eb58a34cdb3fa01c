"""A scrape ends in time when a store is stuck."""

import time

import pytest
from prometheus_client import CollectorRegistry

from hxi.admin import clients
from orchestration.checks import metrics
from orchestration.stores.settings import Settings
from stack.embedded import Stack


def is_up(stores: Stack) -> float | None:
    """As a new scraper is told of PostgreSQL."""
    registry = CollectorRegistry()
    settings = Settings.from_environment(stores.endpoints.environment())
    registry.register(metrics.Warehouse(settings))
    return registry.get_sample_value("hxi_store_up", {"store": "postgresql"})


def test_a_table_that_somebody_has_locked_is_not_waited_for(
    stores: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "TIMEOUT_SECONDS", 1)
    assert is_up(stores) == 1
    with clients.postgres(stores.endpoints.postgres_dsn) as other, other.transaction():
        other.execute("LOCK TABLE ops.alert_messages IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert is_up(stores) == 0
        assert time.monotonic() - began < 15
