"""Builds frames of events for the signal tests: only what a test is about is spelled out."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl

from orchestration.signals.columns import SESSION_DEVICE_TYPE, SESSION_ENDED_AT
from orchestration.signals.signal import Signal

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROJECT = "project-one"
SESSION = str(UUID(int=0xA1))

Row = dict[str, Any]


def event_id(number: int) -> str:
    """Ids sort as their numbers do."""
    return str(UUID(int=number))


def at(offset_ms: int) -> datetime:
    return T0 + timedelta(milliseconds=offset_ms)


def event(event_type: str, offset_ms: int, number: int, **columns: Any) -> Row:
    """An event of the default session and page, `offset_ms` after T0."""
    return {
        "project_id": PROJECT,
        "session_id": SESSION,
        "event_id": event_id(number),
        "event_type": event_type,
        "timestamp": at(offset_ms),
        "sent_order": 0,
        "url": "https://shop.test/cart",
        "path": "/cart",
        "title": "Cart",
        "click_button": "",
    } | columns


def click(
    offset_ms: int, number: int, x: int | None = 100, y: int | None = 100, **columns: Any
) -> Row:
    """A left click on an interactive button."""
    return event(
        "click",
        offset_ms,
        number,
        **{
            "click_x": x,
            "click_y": y,
            "click_button": "left",
            "target_selector": "#buy",
            "target_tag": "button",
            "target_is_interactive": True,
            "target_is_editable": False,
        }
        | columns,
    )


def with_views(rows: list[Row]) -> list[Row]:
    """Adds the page view each event belongs to: the latest of its path, else the first after."""
    views: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        if row["event_type"] == "page_view":
            views[_page(row)].append(_order(row))
    found = []
    for row in rows:
        of_page = sorted(views[_page(row)])
        before = [view for view in of_page if view <= _order(row)]
        view_id = (before[-1:] or of_page[:1] or [(None,)])[0][-1]
        found.append({"view_id": view_id} | row)
    return found


def _page(row: Row) -> tuple[str, ...]:
    return row["project_id"], row["session_id"], row["path"]


def _order(row: Row) -> tuple[Any, ...]:
    return row["timestamp"], row["sent_order"], row["event_id"]


def frame(signal: Signal[Any], rows: list[Row]) -> pl.DataFrame:
    """The columns and event types the signal declares, as the reader would give them."""
    ends: dict[tuple[str, str], datetime] = {}
    for row in rows:
        key = (row["project_id"], row["session_id"])
        ends[key] = max(ends.get(key, row["timestamp"]), row["timestamp"])
    types = signal.event_types
    read = [row for row in with_views(rows) if not types or row["event_type"] in types]
    values = [
        {
            SESSION_ENDED_AT: ends[row["project_id"], row["session_id"]],
            SESSION_DEVICE_TYPE: "desktop",
        }
        | row
        for row in read
    ]
    return pl.DataFrame(
        [{name: row.get(name) for name in signal.reads} for row in values],
        schema=signal.reads,
    )


def detect(signal: Signal[Any], rows: list[Row]) -> list[Row]:
    return signal.detect(frame(signal, rows)).to_dicts()
