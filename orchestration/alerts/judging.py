"""Which windows are alarming, and which of them belong together. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from orchestration.alerts.conditions import FEWEST_WEEKS, OPERATORS, WEEK, Condition

# Makes the median absolute deviation of normal values their standard deviation.
NORMAL = 1.4826
Group = tuple[str, ...]
Values = Mapping[datetime, float]
"""Value by start of window; windows without rows are not there."""


@dataclass(frozen=True)
class Alarming:
    """A window that a rule is about; `limit` is what it was held against."""

    start: datetime
    value: float
    limit: float


@dataclass(frozen=True)
class Episode:
    """Alarming windows with no more than the cooldown between them: people are told once.

    `value` is of its worst window, the one furthest from its limit.
    """

    start: datetime
    end: datetime
    value: float
    limit: float


def alarming(condition: Condition, values: Values, windows: Sequence[datetime]) -> list[Alarming]:
    """Those of `windows` that the condition holds for; `values` reach back as far as it looks."""
    judge = {"threshold": _over, "anomaly": _unusual, "absence": _absent}[condition.kind]
    found = (judge(condition, values, start) for start in windows)
    return [one for one in found if one is not None]


def episodes(found: Iterable[Alarming], window: timedelta, cooldown: timedelta) -> list[Episode]:
    """In the order of time."""
    together: list[list[Alarming]] = []
    for one in sorted(found, key=lambda each: each.start):
        if together and one.start <= together[-1][-1].start + window + cooldown:
            together[-1].append(one)
        else:
            together.append([one])
    return [_episode(some, window) for some in together]


def _episode(some: Sequence[Alarming], window: timedelta) -> Episode:
    worst = max(some, key=lambda one: abs(one.value - one.limit))
    return Episode(some[0].start, some[-1].start + window, worst.value, worst.limit)


def _over(condition: Condition, values: Values, start: datetime) -> Alarming | None:
    """A window without rows has no value, but a count of zero is one."""
    value = values.get(start, 0.0 if condition.metric.value.startswith("count") else None)
    if value is None or not OPERATORS[condition.operator](value, condition.threshold):
        return None
    return Alarming(start, value, condition.threshold)


def _absent(_: Condition, values: Values, start: datetime) -> Alarming | None:
    return None if start in values else Alarming(start, 0.0, 0.0)


def _unusual(condition: Condition, values: Values, start: datetime) -> Alarming | None:
    """Held against the same window of the weeks before; too few of them say nothing."""
    value = values.get(start)
    before = [start - number * WEEK for number in range(1, condition.weeks + 1)]
    usual = [values[week] for week in before if week in values]
    if value is None or len(usual) < FEWEST_WEEKS:
        return None
    middle = median(usual)
    spread = NORMAL * median(abs(one - middle) for one in usual)
    # Weeks that are all alike have no spread: then a twentieth of the value is one.
    reach = condition.deviations * (spread or abs(middle) / 20)
    limit = middle + reach if value > middle else middle - reach
    outside = value > limit if value > middle else value < limit
    wanted = condition.operator in ("", ">" if value > middle else "<")
    return Alarming(start, value, limit) if outside and wanted else None
