"""What rules may ask, and what a wrong one is answered."""

from datetime import timedelta
from typing import Any

import pytest

from orchestration.alerts.channels import channels_of
from orchestration.alerts.conditions import RuleError, condition_of
from orchestration.alerts.metrics import NAMED, metric_named

GOOD: dict[str, Any] = {
    "metric": "rage_clicks",
    "operator": ">",
    "threshold": 10,
    "window": "5m",
    "groupBy": ["path"],
}


def test_the_documents_example_is_a_condition() -> None:
    condition = condition_of("threshold", GOOD)
    assert condition.window == timedelta(minutes=5)
    assert (condition.metric.name, condition.operator, condition.threshold) == (
        "rage_clicks",
        ">",
        10.0,
    )
    assert condition.group_by == ("path",)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("threshold", {"metric": "clicks"}, "metric 'clicks' is none of sessions, users"),
        ("threshold", {"operator": "=="}, "operator '==' is none of >"),
        ("threshold", {"operator": ""}, "operator '' is none of >"),
        ("threshold", {"threshold": "ten"}, "threshold 'ten' is no number"),
        ("threshold", {"threshold": True}, "threshold True is no number"),
        ("threshold", {"threshold": 10**400}, "threshold is no number"),
        ("threshold", {"operator": []}, "operator [] is none of >"),
        ("anomaly", {"weeks": 1e9}, "weeks 1000000000.0 is none of 1 to"),
        ("threshold", {"window": "5 minutes"}, "window '5 minutes' is not like 5m"),
        ("threshold", {"window": "32d"}, "longer than 31 days"),
        ("threshold", {"groupBy": ["paths"]}, "rage_clicks has no column 'paths'"),
        ("threshold", {"groupBy": "path"}, "groupBy is no list"),
        ("threshold", {"filters": {"path; DROP": "1"}}, "has no column 'path; DROP'"),
        ("threshold", {"where": "1"}, "'where' is none of"),
        ("threshold", {"aggregate": "sum"}, "rage_clicks is an aggregate already"),
        ("anomaly", {"window": "11m"}, "must divide a week"),
        ("anomaly", {"operator": ">="}, "operator '>=' is none of"),
        ("sometimes", {}, "type 'sometimes' is none of"),
        ("threshold", {"metric": "sessions.nothing"}, "sessions has no number 'nothing'"),
        ("threshold", {"metric": "nowhere.x"}, "'nowhere' is none of the marts with a time"),
        ("threshold", {"metric": "sessions.duration_ms"}, "aggregate '' of"),
    ],
)
def test_a_wrong_condition_is_refused_in_one_line(
    kind: str, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuleError) as error:
        condition_of(kind, {**GOOD, **change})
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_any_number_of_a_mart_with_a_time_can_be_watched() -> None:
    metric = metric_named("sessions.duration_ms", "p95")
    assert (metric.table, metric.time) == ("gosight.sessions", "started_at")
    assert metric.value == "quantileExactInclusive(0.95)(duration_ms)"
    assert metric.only == "NOT is_excluded"
    assert "country" in metric.dimensions
    assert not NAMED.keys() & {"", "sessions.duration_ms"}


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"type": "pager"}, "a channel's type is one of webhook"),
        ({"type": "webhook"}, "a webhook needs url"),
        ({"type": "webhook", "url": "ftp://a"}, "no http or https address"),
        ({"type": "telegram", "chat_id": "1", "url": "x"}, "a telegram has no url"),
        ({"type": "email", "to": "nobody"}, "no e-mail address"),
        ("https://example.com", "a channel's type is one of"),
        ({"type": []}, "a channel's type is one of"),
        ({"type": "webhook", "url": "http://[::1"}, "no http or https address"),
        ({"type": "slack", "url": "https://x:99999/"}, "no http or https address"),
        ({"type": "email", "to": "a@b.test\nBcc: c@d.test"}, "no e-mail address"),
        ({"type": "email", "to": "a@"}, "no e-mail address"),
    ],
)
def test_a_wrong_channel_is_refused_in_one_line(channel: Any, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        channels_of([channel])
