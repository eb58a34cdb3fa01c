"""How the warehouse stands, for Prometheus: asked of the stores, so it is the same whoever runs."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import clickhouse_connect
import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.sinks.placement import interface_of
from orchestration.checks.lag import lag
from orchestration.documents.freshness import freshness
from orchestration.lease import lease
from orchestration.stores.clients import short_connection
from orchestration.stores.settings import Settings

# Several scrapers, or an impatient one, cost the stores one answer.
KEPT_SECONDS = 10.0
TIMEOUT_SECONDS = 10
STORE_ERRORS = (ClickHouseError, psycopg.Error, OSError)

LAST_RUN = """
    SELECT maxIf(kind, state = 'open'), toUnixTimestamp64Milli(min(at)) / 1000 AS opened,
        toUnixTimestamp64Milli(maxIf(at, state = 'closed')) / 1000 AS closed
    FROM ops.plans
    WHERE plan_id = (SELECT max(plan_id) FROM ops.plans WHERE state = 'closed')
    GROUP BY plan_id"""
OPEN_RUN = """
    SELECT toUnixTimestamp64Milli(min(at)) / 1000 FROM ops.plans
    WHERE plan_id = (SELECT plan_id FROM ops.open_plan) HAVING count() > 0"""
MARTS = """
    SELECT table, sum(rows) FROM system.parts
    WHERE active AND database = 'gosight' GROUP BY table ORDER BY table"""
# Name of the metric, its label, what it tells, and a query of label and value.
OF_POSTGRESQL = (
    (
        *("alert_messages", "state", "Messages of alerts by state."),
        "SELECT state, count(*) FROM ops.alert_messages GROUP BY state",
    ),
    (
        *("report_messages", "state", "Reports to mail by state."),
        "SELECT state, count(*) FROM ops.report_messages GROUP BY state",
    ),
    (
        *("alerts_open", "rule", "Episodes of alert rules that are not over."),
        """SELECT rule_id, count(*) FROM gosight.alert_history
        WHERE resolved_at IS NULL GROUP BY rule_id""",
    ),
    (
        *("ai_queue", "status", "Jobs of the AI queue by status."),
        "SELECT status, count(*) FROM traceflow.traceflow_ai_queue GROUP BY status",
    ),
    (
        *("ai_queue_oldest_seconds", "status", "How long the oldest of these waits."),
        """SELECT status, extract(epoch FROM now() - min(created_at))
        FROM traceflow.traceflow_ai_queue WHERE status IN ('pending', 'processing')
        GROUP BY status""",
    ),
    (
        *("erasures", "state", "Erasures that were asked for and are not done."),
        "SELECT 'waiting', count(*) FROM ops.erasure_requests WHERE done_at IS NULL",
    ),
)


class Warehouse(Collector):
    """May be asked from several threads; what a store does not answer is left out."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_until = float("-inf")

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: names are known at a scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """As the stores say, at most some seconds ago."""
        with self._lock:
            if self._clock() >= self._kept_until:
                self._kept = [*self._of_stores()]
                self._kept_until = self._clock() + KEPT_SECONDS
            yield from self._kept

    def _of_stores(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("hxi_store_up", "Whether the store answered.", labels=["store"])
        for store, ask in (("clickhouse", self._clickhouse), ("postgresql", self._postgresql)):
            try:
                found = [*ask()]
            except STORE_ERRORS:
                up.add_metric([store], 0)
            else:
                up.add_metric([store], 1)
                yield from found
        yield up

    def _clickhouse(self) -> Iterator[Metric]:
        client = clickhouse_connect.get_client(
            dsn=self._settings.clickhouse_url,
            interface=interface_of(self._settings.clickhouse_url),
            database="default",
            autogenerate_session_id=False,
            connect_timeout=TIMEOUT_SECONDS,
            send_receive_timeout=TIMEOUT_SECONDS,
        )
        with closing(client):
            yield from _lag(client)
            yield from _runs(client)
            yield from _documents(client)
            rows = client.query(MARTS).result_rows
            yield _labelled("mart_rows", "table", "Rows of a mart, as its parts say.", rows)

    def _postgresql(self) -> Iterator[Metric]:
        with (
            closing(short_connection(self._settings.postgres_dsn)) as connection,
            connection.transaction(),
        ):
            connection.execute(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'")
            yield _gauge("run_at_work", "Whether a run has the lease.", lease.is_held(connection))
            for name, label, told, query in OF_POSTGRESQL:
                yield _labelled(name, label, told, connection.execute(query).fetchall())


def _lag(client: Client) -> Iterator[Metric]:
    now = lag(client)
    yield _gauge("waiting_sessions", "Sessions that wait for a run.", now.waiting_sessions)
    yield _gauge("waiting_seconds", "Since the oldest batch that waits landed.", now.waited_s)
    for what, at in (("landed", now.newest_landed_at), ("built", now.newest_built_at)):
        if at is not None:
            told = f"When the newest event that is {what} was accepted."
            yield _gauge(f"newest_{what}_timestamp_seconds", told, at.timestamp())


def _documents(client: Client) -> Iterator[Metric]:
    told = "Since the first run that derived documents lack was done; 0: they lack none."
    yield _gauge("documents_behind_seconds", told, freshness(client).behind_s)


def _runs(client: Client) -> Iterator[Metric]:
    for kind, opened, closed in client.query(LAST_RUN).result_rows:
        yield _gauge("last_run_timestamp_seconds", "When the last finished run ended.", closed)
        took = GaugeMetricFamily(
            "hxi_last_run_seconds", "From its plan's opening to its closing.", labels=["kind"]
        )
        took.add_metric([kind], closed - opened)
        yield took
    since = client.query(OPEN_RUN).result_rows
    age = time.time() - since[0][0] if since else 0
    yield _gauge("open_run_seconds", "How long the present plan is open; 0: none is.", age)


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hxi_{name}", told, value=value)


def _labelled(name: str, label: str, told: str, rows: Iterable[Sequence[Any]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"hxi_{name}", told, labels=[label])
    for of, value in rows:
        family.add_metric([str(of)], float(value))
    return family
