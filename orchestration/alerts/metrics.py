"""What can be watched: named metrics, and any column of a mart that has a time.

Every metric leaves out what is excluded (bots), as the marts' own sums do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import yaml

from orchestration.stores.settings import CHECKOUT

SESSION_DIMENSIONS = frozenset(
    {
        *("entry_path", "exit_path", "channel", "country", "country_code", "browser", "os"),
        *("device_type", "language", "app_version", "utm_source", "utm_medium", "utm_campaign"),
    }
)
MARTS = CHECKOUT / "dbt_project" / "models" / "marts"
AGGREGATES: Mapping[str, str] = {
    "sum": "sum({column})",
    "avg": "avg({column})",
    "min": "min({column})",
    "max": "max({column})",
    "count": "count({column})",
    "distinct": "uniqExact({column})",
    "p50": "quantileExactInclusive(0.5)({column})",
    "p75": "quantileExactInclusive(0.75)({column})",
    "p95": "quantileExactInclusive(0.95)({column})",
    "p99": "quantileExactInclusive(0.99)({column})",
}
NUMERIC = re.compile(r"Nullable\((U?Int|Float)|U?Int|Float|Bool")
TEXTUAL = re.compile(r"(LowCardinality\()?(Nullable\()?String")


@dataclass(frozen=True)
class Metric:
    """`value` is an aggregate over the rows of `table` whose `time` lies in the window."""

    name: str
    table: str
    time: str
    value: str
    dimensions: frozenset[str]
    only: str = "1"


def _sessions(name: str, value: str) -> Metric:
    return Metric(
        name, "gosight.sessions", "started_at", value, SESSION_DIMENSIONS, "NOT is_excluded"
    )


def _insights(name: str, kind: str) -> Metric:
    only = f"charged AND insight_type = '{kind}'"
    dimensions = frozenset({"path", "target_selector"})
    return Metric(name, "gosight.insights", "timestamp", "count()", dimensions, only)


def _views(name: str, value: str) -> Metric:
    return Metric(name, "gosight.page_views", "viewed_at", value, frozenset({"path"}))


def _requests(name: str, value: str, only: str) -> Metric:
    dimensions = frozenset({"path", "method", "endpoint"})
    return Metric(name, "intermediate.int_requests", "timestamp", value, dimensions, only)


def _percentile(column: str, of: float) -> str:
    return f"quantileExactInclusive({of})({column})"


NAMED = {
    one.name: one
    for one in (
        _sessions("sessions", "count()"),
        _sessions("users", "uniqExactIf(user_id, user_id != '')"),
        _sessions("bounce_rate", "avg(is_bounce)"),
        _sessions("js_errors", "sum(error_count)"),
        _sessions("error_rate", "avg(has_error)"),
        Metric(
            "experience_score",
            "gosight.experience_scores",
            "started_at",
            "avg(score)",
            frozenset(),
            "score IS NOT NULL",
        ),
        _views("page_views", "count()"),
        *(_views(f"{vital}_p75", _percentile(vital, 0.75)) for vital in ("lcp", "inp", "cls")),
        *(_insights(f"{kind}s", kind) for kind in ("rage_click", "dead_click", "error_click")),
        *(
            _requests(
                f"latency_p{of}",
                _percentile("duration_ms", of / 100),
                "duration_ms IS NOT NULL AND NOT is_aborted",
            )
            for of in (50, 75, 95, 99)
        ),
        _requests("failed_requests", "count()", "is_failed"),
    )
}


def metric_named(name: str, aggregate: str = "") -> Metric:
    """A named metric, or `mart.column` with one of AGGREGATES; KeyError says what there is."""
    if name in NAMED:
        if aggregate:
            raise KeyError(f"{name} is an aggregate already")
        return NAMED[name]
    mart, _, column = name.partition(".")
    marts = _marts()
    if not column:
        raise KeyError(f"metric {name!r} is none of {', '.join(NAMED)}, nor a mart.column")
    if mart not in marts:
        raise KeyError(f"{mart!r} is none of the marts with a time: {', '.join(sorted(marts))}")
    if column not in marts[mart].columns:
        raise KeyError(f"{mart} has no number {column!r}: {', '.join(marts[mart].columns)}")
    if aggregate not in AGGREGATES:
        raise KeyError(f"aggregate {aggregate!r} of {name} is none of {', '.join(AGGREGATES)}")
    value = AGGREGATES[aggregate].format(column=column)
    return replace(marts[mart].metric, name=f"{aggregate} of {name}", value=value)


@dataclass(frozen=True)
class Mart:
    """A mart with a time of its rows, and its numbers."""

    metric: Metric
    columns: tuple[str, ...]


@lru_cache(maxsize=1)
def _marts() -> Mapping[str, Mart]:
    """Of the marts' contracts: those with a time column."""
    models = (
        model
        for path in sorted(MARTS.glob("*.yml"))
        for model in yaml.safe_load(path.read_text())["models"]
    )
    return {model["name"]: mart for model in models if (mart := _mart(model)) is not None}


def _mart(model: Mapping[str, Any]) -> Mart | None:
    columns = {one["name"]: str(one.get("data_type", "")) for one in model["columns"]}
    times = [name for name, kind in columns.items() if kind.startswith("DateTime64")]
    if not times or "project_id" not in columns:
        return None
    texts = frozenset(
        name for name, kind in columns.items() if TEXTUAL.match(kind) and name != "project_id"
    )
    only = "NOT is_excluded" if "is_excluded" in columns else "1"
    name = model["name"]
    metric = Metric(name, f"gosight.{name}", times[0], "", texts, only)
    return Mart(metric, tuple(one for one, kind in columns.items() if NUMERIC.match(kind)))
