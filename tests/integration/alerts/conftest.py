"""The world of alerts."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from orchestration.alerts import metrics
from orchestration.alerts.senders import Senders
from stack.embedded import Stack
from tests.integration.alerts.alert_world import Postgres, World
from tests.integration.alerts.receivers import http_receiver


@pytest.fixture
def world(
    stores: Stack, clickhouse: Client, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    clickhouse.command("CREATE DATABASE IF NOT EXISTS alerts_test")
    clickhouse.command(
        "CREATE TABLE alerts_test.sessions (project_id String, started_at DateTime64(3, 'UTC'),"
        " entry_path String, is_excluded Bool) ENGINE = MergeTree ORDER BY project_id"
    )
    sessions = replace(metrics.NAMED["sessions"], table="alerts_test.sessions")
    monkeypatch.setitem(metrics.NAMED, "sessions", sessions)
    project, _, _ = projects.create(postgres, f"alerts {uuid4().hex}")
    with http_receiver() as hook:
        senders = Senders(allow_private=True, telegram_url=hook.url, telegram_token="T")
        yield World(stores.endpoints.postgres_dsn, clickhouse, postgres, project, hook, senders)
    postgres.execute("DELETE FROM gosight.alert_rules")
    clickhouse.command("DROP TABLE alerts_test.sessions SYNC")
