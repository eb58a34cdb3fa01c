"""Which charts each exposure's dashboard has, and of what: the one place where they are written.

A chart of ClickHouse reads a mart, one of PostgreSQL a served table. Metrics are SQL of that store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Store(StrEnum):
    """Where a chart's rows are."""

    CLICKHOUSE = "clickhouse"
    POSTGRES = "postgres"


class Kind(StrEnum):
    """How it is drawn: over time, as a table, or as streams from a step to the next."""

    LINE = "line"
    TABLE = "table"
    SANKEY = "sankey"


@dataclass(frozen=True)
class Chart:
    """`by`: name of a column -> SQL; `metrics`: name -> SQL; tables are ordered by the first.

    `source`: a mart, or schema and table of PostgreSQL.
    """

    exposure: str
    title: str
    source: str
    kind: Kind
    metrics: Mapping[str, str]
    by: Mapping[str, str] = field(default_factory=dict)
    store: Store = Store.CLICKHOUSE


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _known(column: str, unknown: str) -> str:
    """A text that may be empty, which a table would show as nothing at all."""
    return f"if({column} = '', '({unknown})', toString({column}))"


SESSIONS = {"sessions": "sum(session_count)"}
# Steps are numbered, so that no stream comes back. Datasets say which pages are shown, and how far.
STEPS = {
    "source": "concat(toString(step), '. ', shown_path)",
    "target": "concat(toString(step + 1), '. ', shown_next)",
}
SERVED_STEPS = {
    "source": "concat(step_number, '. ', shown_path)",
    "target": "concat(step_number + 1, '. ', shown_next)",
}
P75 = "quantileExact(0.75)({})"

CHARTS: Sequence[Chart] = (
    Chart("overview", "Sessions by day", "sessions_daily_mv", Kind.LINE, SESSIONS),
    Chart(
        "overview",
        "Bounces, errors and rage by day",
        "sessions_daily_mv",
        Kind.LINE,
        {
            "bounce rate": "sum(bounce_sessions) / sum(session_count)",
            "share with errors": "sum(error_sessions) / sum(session_count)",
            "share with rage clicks": "sum(rage_click_sessions) / sum(session_count)",
        },
    ),
    Chart(
        "overview",
        "Sessions by country and device",
        "sessions_daily_mv",
        Kind.TABLE,
        SESSIONS | {"pages": "sum(total_pages)"},
        {"from country": _known("country", "unknown"), **_same("device_type")},
    ),
    Chart("overview", "People by day", "users_daily", Kind.LINE, {"people": "sum(visitor_count)"}),
    Chart("overview", "Score by day", "experience_scores", Kind.LINE, {"score": "avg(score)"}),
    Chart(
        "overview",
        "Events by type",
        "events_hourly_mv",
        Kind.TABLE,
        {"events": "sum(event_count)"},
        _same("event_type"),
    ),
    Chart(
        "overview",
        "Sessions by day, as served",
        "hxi.sessions",
        Kind.LINE,
        {"sessions": "count(*)"},
        store=Store.POSTGRES,
    ),
    Chart(
        "sessions_list",
        "Newest sessions",
        "sessions",
        Kind.TABLE,
        {"newest": "max(started_at)", "events": "max(event_count)", "pages": "max(page_count)"},
        {
            **_same("session_id"),
            "person": _known("user_id", "nobody known"),
            **_same("device_type"),
            "from country": _known("country", "unknown"),
            **_same("browser"),
        },
    ),
    Chart(
        "sessions_list",
        "Newest sessions, as served",
        "hxi.sessions",
        Kind.TABLE,
        {"newest": "max(start_time)", "ms": "max(duration_ms)"},
        _same("session_id", "device_type", "app_version"),
        Store.POSTGRES,
    ),
    Chart(
        "session_page",
        "Events of sessions by type",
        "events",
        Kind.TABLE,
        {"events": "count()"},
        _same("session_id", "event_type"),
    ),
    Chart(
        "session_page",
        "Recordings",
        "replay_chunks",
        Kind.TABLE,
        {"chunks": "count()", "bytes": "sum(data_size)"},
        _same("session_id"),
    ),
    Chart(
        "pages",
        "How fast pages are",
        "page_views",
        Kind.TABLE,
        {"views": "count()", "LCP p75, ms": P75.format("lcp"), "INP p75, ms": P75.format("inp")},
        _same("path"),
    ),
    Chart(
        "pages",
        "How long people stay",
        "page_time_mv",
        Kind.TABLE,
        {
            "views": "sum(view_count)",
            "seconds a view": "sum(total_time_on_page) / sum(view_count) / 1000",
        },
        _same("path"),
    ),
    Chart(
        "pages",
        "How far down people come",
        "scroll_depth_mv",
        Kind.TABLE,
        {
            "sessions": "sum(total_sessions)",
            "share to the half": "sum(reached_50) / sum(total_sessions)",
            "share to the end": "sum(reached_100) / sum(total_sessions)",
        },
        _same("path"),
    ),
    Chart(
        "heatmap",
        "What is clicked",
        "element_clicks_mv",
        Kind.TABLE,
        {"clicks": "sum(click_count)"},
        _same("path", "target_selector", "target_text"),
    ),
    Chart(
        "heatmap",
        "Where it is clicked, as served",
        "hxi.heatmap_points",
        Kind.TABLE,
        {"clicks": "sum(weight)"},
        {
            **_same("screen_name"),
            "left, px": "20 * floor(x / 20.0)",
            "top, px": "20 * floor(y / 20.0)",
        },
        Store.POSTGRES,
    ),
    Chart(
        "insights_page",
        "Signs of frustration by day",
        "insights",
        Kind.LINE,
        {"insights": "count()"},
        _same("insight_type"),
    ),
    Chart(
        "insights_page",
        "Where people struggle",
        "insights",
        Kind.TABLE,
        {"sessions": "uniqExact(session_id)", "insights": "count()"},
        _same("insight_type", "path", "target_selector"),
    ),
    Chart(
        "insights_page",
        "Issues, as served",
        "traceflow.traceflow_ux_issues",
        Kind.TABLE,
        {"issues": "count(*)"},
        _same("issue_type", "severity", "status"),
        Store.POSTGRES,
    ),
    Chart("errors", "Errors by day", "errors_grouped", Kind.LINE, {"errors": "sum(error_count)"}),
    Chart(
        "errors",
        "Alike errors",
        "errors_grouped",
        Kind.TABLE,
        {"errors": "sum(error_count)", "newest": "max(last_seen_at)"},
        _same("error_type", "message_pattern"),
    ),
    Chart(
        "errors",
        "Errors, as served",
        "hxi.error_logs",
        Kind.TABLE,
        {"errors": "count(*)", "sessions": "count(DISTINCT session_id)"},
        _same("error_message", "screen_name"),
        Store.POSTGRES,
    ),
    Chart(
        "latency",
        "Apdex by day",
        "latency_daily",
        Kind.LINE,
        {"apdex": "(sum(satisfied_count) + sum(tolerating_count) / 2) / sum(measured_count)"},
    ),
    Chart(
        "latency",
        "Endpoints",
        "latency_daily",
        Kind.TABLE,
        {
            "requests": "sum(request_count)",
            "failed": "sum(error_count)",
            "worst day's p95, ms": "max(p95_ms)",
        },
        _same("method", "endpoint"),
    ),
    Chart(
        "latency",
        "Endpoints, as served",
        "hxi.latency_metrics",
        Kind.TABLE,
        {
            "requests": "count(*)",
            "p95, ms": "percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms)",
        },
        _same("api_endpoint"),
        Store.POSTGRES,
    ),
    Chart("journeys_page", "Journeys", "journeys", Kind.SANKEY, {"sessions": "count()"}, STEPS),
    Chart(
        "journeys_page",
        "Ways from page to page",
        "journey_edges",
        Kind.TABLE,
        {"times": "sum(transition_count)"},
        {"from page": _known("from_path", "came"), "to page": _known("to_path", "left")},
    ),
    Chart(
        "journeys_page",
        "Journeys, as served",
        "hxi.journey_steps",
        Kind.SANKEY,
        {"sessions": "count(*)"},
        SERVED_STEPS,
        Store.POSTGRES,
    ),
    Chart("scores", "Score by day", "experience_scores", Kind.LINE, {"score": "avg(score)"}),
    Chart(
        "scores",
        "Behaviour states by day",
        "behaviour_states",
        Kind.LINE,
        {"sessions": "count()"},
        _same("state"),
    ),
    Chart(
        "scores",
        "Score by day, as served",
        "hxi.experience_scores",
        Kind.LINE,
        {"score": "avg(score)"},
        store=Store.POSTGRES,
    ),
    Chart("users", "People by day", "users_daily", Kind.LINE, {"people": "sum(user_count)"}),
    Chart(
        "users",
        "Sessions of people",
        "sessions",
        Kind.TABLE,
        {"sessions": "count()", "newest": "max(started_at)"},
        {"person": _known("user_id", "nobody known")},
    ),
    Chart(
        "users",
        "Sessions of people, as served",
        "hxi.sessions",
        Kind.TABLE,
        {"sessions": "count(*)", "newest": "max(start_time)"},
        {"person": "coalesce(external_user_id, '(nobody known)')"},
        Store.POSTGRES,
    ),
)
