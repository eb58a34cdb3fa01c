"""What a rule asks: the JSON of `gosight.alert_rules.condition`, read strictly (spec 003 §4.5)."""

import operator as compare
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orchestration.alerts.metrics import Metric, metric_named

TYPES = ("threshold", "anomaly", "absence")
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": compare.gt,
    ">=": compare.ge,
    "<": compare.lt,
    "<=": compare.le,
}
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WINDOW = re.compile(r"([1-9]\d{0,3})([mhd])")
LONGEST_WINDOW = timedelta(days=31)
WEEK = timedelta(weeks=1)
# Of a normal distribution, five such deviations are left once in millions of windows.
DEVIATIONS = 5.0
WEEKS = 8
MOST_WEEKS = 520
LONGEST_COOLDOWN = timedelta(days=366)
# Fewer weeks say nothing of what is usual.
FEWEST_WEEKS = 4
KEYS = {
    *("metric", "operator", "threshold", "window", "groupBy", "filters"),
    *("aggregate", "deviations", "weeks"),
}


class RuleError(ValueError):
    """A rule that cannot be judged; the text says why, in one line."""


@dataclass(frozen=True)
class Condition:
    """`window` is a span of events' time; `filters` values a column must have.

    Of a threshold the value must stand in `operator` to `threshold`. Of an anomaly it must lie
    `deviations` robust deviations from what is usual at that hour of the week, on the side of
    `operator` (`>` above, `<` below, '' either). Of an absence the window has no rows.
    """

    kind: str
    metric: Metric
    window: timedelta
    operator: str = ""
    threshold: float = 0.0
    group_by: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    deviations: float = DEVIATIONS
    weeks: int = WEEKS


def condition_of(kind: str, given: Any) -> Condition:
    """RuleError when anything in it is unknown, missing or out of range."""
    if kind not in TYPES:
        raise RuleError(f"type {kind!r} is none of {', '.join(TYPES)}")
    if not isinstance(given, Mapping):
        raise RuleError("the condition is no JSON object")
    if unknown := sorted(given.keys() - KEYS):
        raise RuleError(f"{unknown[0]!r} is none of {', '.join(sorted(KEYS))}")
    metric, window = _metric(given), window_of(given.get("window"))
    if kind == "anomaly" and WEEK % window:
        raise RuleError("an anomaly's window must divide a week: it is held against weeks before")
    return Condition(
        kind,
        metric,
        window,
        _operator(kind, given.get("operator", "")),
        _number(given, "threshold", 0.0 if kind != "threshold" else None),
        _dimensions(metric, given.get("groupBy", [])),
        _filters(metric, given.get("filters", {})),
        _number(given, "deviations", DEVIATIONS),
        _weeks(given),
    )


def window_of(given: Any) -> timedelta:
    """`5m`, `1h`, `1d`: minutes, hours or days, 31 days at most."""
    found = WINDOW.fullmatch(str(given))
    if not found:
        raise RuleError(f"window {given!r} is not like 5m, 1h or 1d")
    window = timedelta(**{UNITS[found[2]]: int(found[1])})
    if window > LONGEST_WINDOW:
        raise RuleError(f"window {given!r} is longer than 31 days")
    return window


def cooldown_of(minutes: int) -> timedelta:
    """Between two episodes of one rule; RuleError when it is longer than a year."""
    cooldown = timedelta(minutes=minutes)
    if not timedelta(0) <= cooldown <= LONGEST_COOLDOWN:
        raise RuleError(f"a cooldown of {minutes} minutes is none of up to 366 days")
    return cooldown


def _metric(given: Mapping[str, Any]) -> Metric:
    try:
        return metric_named(str(given.get("metric", "")), str(given.get("aggregate", "")))
    except KeyError as error:
        raise RuleError(str(error.args[0])) from None


def _operator(kind: str, given: Any) -> str:
    is_known = isinstance(given, str) and given in OPERATORS
    if is_known and (kind != "anomaly" or given in (">", "<")):
        return str(given)
    if given == "" and kind != "threshold":
        return ""
    raise RuleError(f"operator {given!r} is none of {', '.join(OPERATORS)}")


def _number(given: Mapping[str, Any], name: str, default: float | None) -> float:
    value = given.get(name, default)
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RuleError(f"{name} {value!r} is no number")
    if not abs(value) <= sys.float_info.max:  # JSON's integers have no end, Python's have NaN too
        raise RuleError(f"{name} is no number that can be compared")
    return float(value)


def _weeks(given: Mapping[str, Any]) -> int:
    weeks = _number(given, "weeks", WEEKS)
    if not 1 <= weeks <= MOST_WEEKS:
        raise RuleError(f"weeks {weeks!r} is none of 1 to {MOST_WEEKS}")
    return int(weeks)


def _dimensions(metric: Metric, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise RuleError("groupBy is no list of columns")
    for name in given:
        _dimension(metric, name)
    return tuple(given)


def _filters(metric: Metric, given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, Mapping):
        raise RuleError("filters is no JSON object of columns and values")
    for name in given:
        _dimension(metric, name)
    return tuple((str(name), str(value)) for name, value in given.items())


def _dimension(metric: Metric, name: str) -> None:
    if name not in metric.dimensions:
        known = ", ".join(sorted(metric.dimensions))
        raise RuleError(f"{metric.name} has no column {name!r} to group or filter by: {known}")
