"""Datasets: tables as BI tools can take them, and the query of each chart on one.

What they stumble over is solved in a dataset's SQL: UUIDs are text, states are finished, bots are
left out. Time has a name of its own (`at`), or ClickHouse would compare a chart's period with the
time that the chart has cut to days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bi.charts import CHARTS, Chart, Kind, Store
from pages import contracts

TIME = "at"
ROWS = 1000
# Of journeys as streams.
PAGES_SHOWN, STEPS_SHOWN = 6, 4
OTHERS = "(other pages)"
# Of served tables: the SQL, and the column of time.
SERVED: Mapping[str, tuple[str, str]] = {
    "hxi.sessions": (
        """SELECT visits.*, people.external_user_id
            FROM hxi.sessions AS visits LEFT JOIN hxi.users AS people USING (project_id, user_id)
            WHERE NOT visits.is_excluded""",
        "start_time",
    ),
    "hxi.heatmap_points": ("SELECT * FROM hxi.heatmap_points WHERE kind = 'click'", "event_time"),
    "hxi.error_logs": ("SELECT * FROM hxi.error_logs", "occurred_at"),
    "hxi.latency_metrics": ("SELECT * FROM hxi.latency_metrics", "recorded_at"),
    "hxi.experience_scores": ("SELECT * FROM hxi.experience_scores", "generated_at"),
    "hxi.journey_steps": (
        f"""WITH most AS (
                SELECT project_id, screen_name, row_number() OVER (
                    PARTITION BY project_id ORDER BY count(*) DESC, screen_name COLLATE "C"
                ) AS place FROM hxi.journey_steps GROUP BY project_id, screen_name
            ), shown AS (
                SELECT project_id, screen_name FROM most WHERE place <= {PAGES_SHOWN}
            ), steps AS (
                SELECT *, lead(screen_name)
                    OVER (PARTITION BY project_id, session_id ORDER BY step_number)
                    AS next_screen_name FROM hxi.journey_steps
            )
            SELECT *,
                CASE WHEN (project_id, screen_name) IN (SELECT * FROM shown)
                    THEN screen_name ELSE '{OTHERS}' END AS shown_path,
                CASE WHEN next_screen_name IS NULL THEN '(left)'
                    WHEN (project_id, next_screen_name) IN (SELECT * FROM shown)
                    THEN next_screen_name ELSE '{OTHERS}' END AS shown_next
            FROM steps WHERE step_number <= {STEPS_SHOWN}""",
        "event_time",
    ),
    "traceflow.traceflow_ux_issues": (
        "SELECT * FROM traceflow.traceflow_ux_issues",
        "last_detected_at",
    ),
}
WHERE = {
    "sessions": "NOT is_excluded",
    "events": "NOT is_excluded",
    "journeys": f"step <= {STEPS_SHOWN}",
}
_MOST = f"""(
        SELECT project_id, path FROM gosight.journeys GROUP BY project_id, path
        ORDER BY count() DESC, path LIMIT {PAGES_SHOWN} BY project_id
    )"""
# Columns that a mart's dataset has beside the mart's own.
ADDED: Mapping[str, Mapping[str, str]] = {
    "journeys": {
        "shown_path": f"if((mart.project_id, mart.path) IN {_MOST}, mart.path, '{OTHERS}')",
        "shown_next": f"""multiIf(mart.next_path = '', '(left)',
        (mart.project_id, mart.next_path) IN {_MOST}, mart.next_path, '{OTHERS}')""",
    }
}


@dataclass(frozen=True)
class Dataset:
    """`columns`: description by name, of ClickHouse alone; `time`: a column of the query."""

    name: str
    description: str
    store: Store
    schema: str
    sql: str
    time: str
    columns: Mapping[str, str]
    metrics: Mapping[str, str]


@lru_cache(maxsize=1)
def datasets() -> Mapping[str, Dataset]:
    """By the source that charts name."""
    return {chart.source: _dataset(chart) for chart in CHARTS}


def query(chart: Chart, where: str = "") -> str:
    """What a BI tool would send for a chart; `where`: a condition with {time} in it."""
    dataset = datasets()[chart.source]
    by = {TIME: _day(chart, dataset), **chart.by} if chart.kind is Kind.LINE else dict(chart.by)
    quoted = '"{}"'.format
    selected = [f"{sql} AS {quoted(name)}" for name, sql in {**by, **chart.metrics}.items()]
    condition = f" WHERE {where.format(time=dataset.time)}" if where else ""
    first = quoted(next(iter(chart.metrics)))
    order = quoted(TIME) if chart.kind is Kind.LINE else f"{first} DESC"
    return (
        f"SELECT {', '.join(selected)}\nFROM (\n{dataset.sql}\n) AS dataset{condition}\n"
        f"GROUP BY {', '.join(str(n + 1) for n in range(len(by)))}\nORDER BY {order} LIMIT {ROWS}"
    )


def _day(chart: Chart, dataset: Dataset) -> str:
    if chart.store is Store.POSTGRES:
        return f"date_trunc('day', {dataset.time})"
    return f"toStartOfDay({dataset.time})"


def _dataset(chart: Chart) -> Dataset:
    metrics: dict[str, str] = {}
    for one in CHARTS:
        metrics |= one.metrics if one.source == chart.source else {}
    if chart.store is Store.POSTGRES:
        sql, time = SERVED[chart.source]
        schema, _, table = chart.source.partition(".")
        told = f"{chart.source} of PostgreSQL, by row security the login's projects."
        return Dataset(table, told, chart.store, schema, sql, time, {}, metrics)
    mart = contracts.marts()[chart.source]
    columns = {name: column.description for name, column in mart.columns.items()}
    return Dataset(
        f"{mart.name}_plain",
        mart.description,
        chart.store,
        "gosight",
        _plain(mart),
        _time(mart),
        columns,
        metrics,
    )


def _plain(mart: contracts.Mart) -> str:
    own = [_column(name, one.type) for name, one in mart.columns.items()]
    added = [f"{sql} AS {name}" for name, sql in ADDED.get(mart.name, {}).items()]
    columns = ",\n    ".join(own + added)
    where = f" WHERE {WHERE[mart.name]}" if mart.name in WHERE else ""
    return f"SELECT\n    {columns}\nFROM gosight.{mart.name} AS mart{where}"


def _column(name: str, kind: str) -> str:
    if kind in ("UUID", "Nullable(UUID)"):
        return f"toString(mart.{name}) AS {name}"
    if kind == "Array(UUID)":
        return f"arrayMap(id -> toString(id), mart.{name}) AS {name}"
    if kind.startswith("AggregateFunction"):
        return f"finalizeAggregation(mart.{name}) AS {name}"
    return f"mart.{name} AS {name}"


def _time(mart: contracts.Mart) -> str:
    times = [name for name, one in mart.columns.items() if one.type.startswith("DateTime")]
    days = [name for name, one in mart.columns.items() if one.type == "Date"]
    is_daily = "day" in mart.key or "date" in mart.key
    return (days if is_daily else [*times, *days])[0]


def of_exposure(name: str) -> Sequence[Chart]:
    """The charts of its dashboard."""
    return [chart for chart in CHARTS if chart.exposure == name]
