"""Runs under Dagster's own queue, launcher and daemon: one at a time, retried, never wrong."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random, SystemRandom
from typing import Any

import psutil
import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from orchestration.automation import BACKFILL, REFRESH
from orchestration.run.idle import nothing_is_new
from orchestration.run.refresh import refresh
from stack.embedded import Stack
from stack.ports import HOST
from tests.e2e.dagster_pages import OVER, Pages
from tests.e2e.served import served
from tests.e2e.test_killed_runs import STORES, bring_new_events, hxi_run
from tests.e2e.warehouse_rows import difference

DAYS = 10
MANY = 4  # runs that are not over
LONGEST_SECONDS = 20


@pytest.fixture
def pages(stack: Stack, variables: None) -> Iterator[Pages]:
    """Of the session's stack, with Dagster as `hxi up --ui` starts it; its daemon runs no more
    than this test, for it would run what other tests land."""
    stack.start_ui()
    yield Pages(f"http://{HOST}:{stack.ports.ui}")
    stack.end_ui()


@pytest.mark.timeout(3600)
def test_what_is_cancelled_killed_retried_and_backfilled_at_once_ends_exact(
    pages: Pages,
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    pytestconfig: pytest.Config,
) -> None:
    kills = pytestconfig.getoption("--kills")
    bring_new_events(stack)
    days = last_days(clickhouse)
    cancelled, killed = pages.launch(REFRESH.name), pages.launch(REFRESH.name)
    pages.backfill(BACKFILL.name, days)
    pages.wait_until(lambda: pages.has_begun(cancelled, "dbt_marts"))
    pages.cancel(cancelled)
    pages.wait_until(lambda: pages.is_over(cancelled))
    bring_new_events(stack)
    again = pages.again(cancelled)
    pages.wait_until(lambda: pages.has_begun(killed, "dbt_marts") or pages.is_over(killed))
    if not pages.is_over(killed):
        os.kill(pages.process(killed), signal.SIGKILL)
    pages.wait_until(lambda: pages.is_over(killed))
    for _ in range(kills):
        Storm(pages, stack, days).blow()
    pages.reload()
    pages.wait_until(pages.is_quiet, patience=1500 + 60 * kills)

    if not kills:
        assert list(pages.runs(BACKFILL.name).values()) == ["SUCCESS"] * DAYS
        statuses = pages.runs(REFRESH.name)
        assert statuses.pop(cancelled) == "CANCELED"
        assert statuses.pop(killed) in {"FAILURE", "SUCCESS"}
        assert again in statuses
        # Those that go on with another's plan, the daemon's retry of the killed one too: they end
        # it, or find that the backfill has taken it over.
        assert set(statuses.values()) <= {"SUCCESS", "CANCELED"}, statuses
    refresh()
    assert nothing_is_new()
    with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as postgres:
        found = served(clickhouse, postgres, mongo)
        refresh(full=True)
        assert difference(found, served(clickhouse, postgres, mongo)) == ""


def last_days(client: Client) -> list[str]:
    """Ten that a backfill may name; some have no events."""
    before_today = "toDate(timestamp, 'UTC') < toDate(now(), 'UTC')"
    ((last,),) = client.query(
        f"SELECT max(toDate(timestamp, 'UTC')) FROM raw.events WHERE {before_today}"
    ).result_rows
    return [str(last - timedelta(days=back)) for back in range(DAYS)]


@dataclass(frozen=True)
class Storm:
    """What people and schedules do, while things are killed."""

    pages: Pages
    stack: Stack
    days: Sequence[str]
    random: Random = field(default_factory=SystemRandom)

    def blow(self) -> None:
        """A click, events that land, perhaps `hxi run` beside them; and a kill."""
        self.pages.reload()
        self._click()
        with hxi_run(self.stack) as run, ThreadPoolExecutor(1) as pool:
            if self.random.random() < 0.7:
                run.kill()
            landing = pool.submit(bring_new_events, self.stack)
            with suppress(TimeoutError):
                landing.exception(self.random.random() * LONGEST_SECONDS)
            self._kill()
            run.communicate(timeout=400)
            self.stack.wait_ready()
            landing.result()

    def _click(self) -> None:
        statuses = self.pages.runs()
        over = [run for run, status in statuses.items() if status in OVER]
        busy = sorted(statuses.keys() - over)
        if len(busy) > MANY:
            self.pages.cancel(self.random.choice(busy))
            return
        strategy = self.random.choice(("FROM_FAILURE", "ALL_STEPS"))
        self.random.choice(
            (
                lambda: self.pages.launch(REFRESH.name),
                lambda: self.pages.again(self.random.choice(over), strategy),
                lambda: self.pages.backfill(BACKFILL.name, self.random.sample(self.days, 2)),
            )
        )()

    def _kill(self) -> None:
        """A store, ingest, or one of Dagster's processes, runs among them."""
        pid = self.stack.pids[self.random.choice((*STORES, "ui", "ui", "ui"))]
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(pid).children(recursive=True)
            if pid == self.stack.pids.get("ui") and family:
                self.random.choice(family).kill()
            else:
                psutil.Process(pid).kill()
