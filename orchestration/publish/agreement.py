"""Compares what is served with the marts it came from: the check at the end of every publish."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.publish.landing import SERVED, Source

ERRORS = "event_type IN ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')"
INT, BIGINT = 2**31 - 1, 2**63 - 1


@dataclass(frozen=True)
class Agreement:
    """`hxi.<table>` and the rows of `mart` it is made of have equal counts and sums per project.

    The two sums are expressions of the two engines; 0 where counting is enough.
    """

    table: str
    mart: str
    only: str = "1"
    mart_sum: str = "0"
    served_sum: str = "0"


AGREEMENTS = (
    Agreement(
        table="sessions",
        mart="sessions",
        mart_sum=f"sum(toInt128(least(duration_ms, {BIGINT})))",
        served_sum="sum(duration_ms)",
    ),
    Agreement(table="events", mart="events"),
    Agreement(
        table="rage_click_events",
        mart="insights",
        only="insight_type = 'rage_click'",
        mart_sum="sum(JSONExtractUInt(details, 'click_count'))",
        served_sum="sum(click_count)",
    ),
    Agreement(
        table="heatmap_points",
        mart="events",
        only="event_type = 'click' AND click_x IS NOT NULL AND click_y IS NOT NULL",
        mart_sum="sum(toInt64(click_x) + click_y)",
        served_sum="sum(x::bigint + y)",
    ),
    Agreement(table="journey_steps", mart="journeys"),
    Agreement(
        table="latency_metrics",
        mart="events",
        only="event_type IN ('xhr_request', 'fetch_request')",
        mart_sum=f"ifNull(sum(greatest(least(request_duration_ms, {INT}), -{INT + 1})), 0)",
        served_sum="coalesce(sum(latency_ms), 0)",
    ),
    Agreement(
        table="experience_scores",
        mart="experience_scores",
        mart_sum="ifNull(sum(score), 0)",
        served_sum="coalesce(sum(score), 0)",
    ),
    Agreement(table="error_logs", mart="events", only=ERRORS),
    Agreement(table="emotion_predictions", mart="behaviour_states"),
    Agreement(
        table="session_replay_chunks",
        mart="replay_chunks",
        mart_sum="countIf(problem = '')",
        served_sum="count(chunk_data)",
    ),
)

Totals = dict[str, tuple[int, int]]


class DisagreementError(Exception):
    """Served rows are not those of the marts; the message names the first difference."""


@dataclass(frozen=True)
class Disagreement:
    """`served` and `expected` are (rows, sum) of one project in one table."""

    table: str
    project_id: str
    served: tuple[int, int]
    expected: tuple[int, int]

    def __str__(self) -> str:
        rows, expected = self.served[0], self.expected[0]
        what = f"{rows} rows, the marts {expected}" if rows != expected else "other values"
        return f"hxi.{self.table} holds {what} (project {self.project_id})"


def disagreements(
    client: Client, connection: psycopg.Connection[Any], source: Source = SERVED
) -> list[Disagreement]:
    """Where served tables and marts differ; reads every table once, so it notices any change."""
    return [
        difference
        for agreement in AGREEMENTS
        for difference in _of(agreement, client, connection, source)
    ]


def _of(
    agreement: Agreement, client: Client, connection: psycopg.Connection[Any], source: Source
) -> Iterator[Disagreement]:
    rows = client.query(
        f"SELECT project_id, count(), {agreement.mart_sum} FROM {source.marts}.{agreement.mart}"
        f" WHERE {agreement.only} GROUP BY project_id"
    ).result_rows
    expected: Totals = {project: (int(count), int(total)) for project, count, total in rows}
    served: Totals = {
        project: (int(count), int(total))
        for project, count, total in connection.execute(
            f"SELECT project_id::text, count(*), {agreement.served_sum}"
            f" FROM hxi.{agreement.table} GROUP BY project_id".encode()
        )
    }
    for project in sorted(expected.keys() | served.keys()):
        pair = served.get(project, (0, 0)), expected.get(project, (0, 0))
        if pair[0] != pair[1]:
            yield Disagreement(agreement.table, project, *pair)
