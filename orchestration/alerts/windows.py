"""A metric's values by window and group, as the marts have them now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from orchestration.alerts.conditions import WEEK, Condition
from orchestration.alerts.judging import Group, Values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Windows that ended within this are judged again: events may come late.
LATE = timedelta(days=1)
LEAST_WINDOWS = 3
# An absence is told of each group that was seen within this.
SEEN = WEEK


def starts(window: timedelta, since: datetime, as_of: datetime) -> list[datetime]:
    """Of the windows to judge, oldest first: over by `as_of`, and not over when the rule was made.

    Windows lie end to end from 1970 on, so that every evaluation means the same ones.
    """
    first = max(since, as_of - max(LATE, LEAST_WINDOWS * window))
    number = (first - EPOCH) // window
    found = []
    while (start := EPOCH + number * window) + window <= as_of:
        found.append(start)
        number += 1
    return found


def values(
    client: Client, project_id: str, condition: Condition, windows: Sequence[datetime]
) -> Mapping[Group, Values]:
    """By group, of `windows` and as far back as the condition looks."""
    back = {"anomaly": condition.weeks * WEEK, "absence": SEEN}.get(condition.kind, timedelta(0))
    found: dict[Group, dict[datetime, float]] = defaultdict(dict)
    rows = client.query(
        _query(condition),
        parameters={
            "project": project_id,
            "from": windows[0] - back,
            "to": windows[-1] + condition.window,
            **{f"filter{at}": value for at, (_, value) in enumerate(condition.filters)},
        },
    ).result_rows
    for seconds, value, *group in rows:
        found[tuple(group)][EPOCH + timedelta(seconds=int(seconds))] = float(value)
    if not condition.group_by:
        found.setdefault((), {})
    return found


def _query(condition: Condition) -> str:
    """Columns stand in it by name; they were checked against the mart's contract."""
    metric = condition.metric
    seconds = int(condition.window.total_seconds())
    groups = "".join(f", toString(ifNull({name}, ''))" for name in condition.group_by)
    filters = "".join(
        f" AND {name} = {{filter{at}:String}}" for at, (name, _) in enumerate(condition.filters)
    )
    return (
        f"SELECT intDiv(toUnixTimestamp({metric.time}), {seconds}) * {seconds} AS start,"
        f" {metric.value} AS value{groups} FROM {metric.table}"
        " WHERE project_id = {project:String}"
        f" AND {metric.time} >= {{from:DateTime64(3, 'UTC')}}"
        f" AND {metric.time} < {{to:DateTime64(3, 'UTC')}}"
        f" AND {metric.only}{filters}"
        " GROUP BY ALL HAVING isNotNull(value) AND isFinite(value)"
    )


def group_of(condition: Condition, group: Group) -> dict[str, Any]:
    """As history and messages show it."""
    return dict(zip(condition.group_by, group, strict=True))
