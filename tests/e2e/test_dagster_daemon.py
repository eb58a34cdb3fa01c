"""Runs under Dagster's own queue, launcher and daemon: one at a time, retried, never wrong."""

import os
import signal
from typing import Any

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from orchestration.run.idle import nothing_is_new
from orchestration.run.refresh import refresh
from stack.embedded import Stack
from stack.ports import HOST
from tests.e2e.dagster_pages import Pages
from tests.e2e.served import differences, served
from tests.e2e.test_killed_runs import bring_new_events


@pytest.mark.timeout(1200)
def test_what_is_cancelled_killed_retried_and_backfilled_at_once_ends_exact(
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in stack.endpoints.environment().items():
        monkeypatch.setenv(name, value)
    stack.start_ui()
    pages = Pages(f"http://{HOST}:{stack.ports.ui}")
    bring_new_events(stack)
    days = [
        str(day)
        for (day,) in clickhouse.query(
            "SELECT DISTINCT toDate(timestamp) AS day FROM raw.events ORDER BY day LIMIT 2"
        ).result_rows
    ]

    cancelled = pages.launch("refresh")
    pages.backfill("backfill_day", days)
    pages.wait_until(lambda: pages.has_begun(cancelled, "dbt_marts"))
    pages.cancel(cancelled)
    pages.wait_until(lambda: pages.is_over(cancelled))
    bring_new_events(stack)
    again = pages.again(cancelled)
    killed = pages.launch("refresh")
    pages.wait_until(lambda: pages.has_begun(killed, "dbt_marts") or pages.is_over(killed))
    if not pages.is_over(killed):
        os.kill(pages.process(killed), signal.SIGKILL)
    pages.wait_until(lambda: pages.is_over(killed))
    pages.wait_until(pages.is_quiet)

    assert list(pages.runs("backfill_day").values()) == ["SUCCESS"] * len(days)
    statuses = pages.runs("refresh")
    assert statuses.pop(cancelled) == "CANCELED"
    assert statuses.pop(killed) in {"FAILURE", "SUCCESS"}
    assert again in statuses
    # Those that go on with another's plan, the daemon's retry of the killed one too: they end it,
    # or find that the backfill has taken it over.
    assert set(statuses.values()) <= {"SUCCESS", "CANCELED"}, statuses
    refresh()
    assert nothing_is_new()
    with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as postgres:
        found = served(clickhouse, postgres, mongo)
        refresh(full=True)
        assert differences(served(clickhouse, postgres, mongo), found) == {}
