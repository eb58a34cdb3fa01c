"""What the runner may rely on: declared schemas and stable ids."""

import polars as pl
import pytest

from orchestration.signals.insights import insight_id
from orchestration.signals.rage_click import SIGNAL
from orchestration.signals.signal import SignalSchemaError
from tests.unit.signals.signal_events import click, detect, frame


def test_a_frame_with_a_missing_and_a_mistyped_column_is_refused_by_name() -> None:
    events = frame(SIGNAL, [click(0, 1)]).drop("path").cast({"click_x": pl.Int64})
    with pytest.raises(SignalSchemaError) as refused:
        SIGNAL.detect(events)
    assert str(refused.value) == (
        "input of signal rage_clicks: click_x is Int64, declared Int32; "
        "path is missing, declared String"
    )


def test_columns_in_another_order_are_refused() -> None:
    events = frame(SIGNAL, [click(0, 1)])
    with pytest.raises(SignalSchemaError, match="the column order differs"):
        SIGNAL.detect(events.select(reversed(events.columns)))


def test_an_id_depends_on_project_session_type_and_first_event_alone() -> None:
    ids = {
        insight_id(project, session, kind, event)
        for project in ("p", "q")
        for session in ("s", "t")
        for kind in ("rage_click", "dead_click")
        for event in ("e", "f")
    }
    assert len(ids) == 16
    short = detect(SIGNAL, [click(i, i + 1) for i in range(3)])
    long = detect(SIGNAL, [click(i, i + 1) for i in range(4)])
    assert short[0]["insight_id"] == long[0]["insight_id"]
