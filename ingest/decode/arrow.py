"""Rows to Arrow tables with the columns of raw.events and raw.replay_chunks."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pyarrow as pa

from ingest.decode.rows import Row

_TIME = pa.timestamp("ms", tz="UTC")
_TEXT, _INT32, _INT64, _UINT16, _UINT32, _FLOAT = (
    pa.string(),
    pa.int32(),
    pa.int64(),
    pa.uint16(),
    pa.uint32(),
    pa.float32(),
)


def _schema(*groups: tuple[pa.DataType, bool, str]) -> pa.Schema:
    """Groups of (type, nullable, names)."""
    return pa.schema(
        [
            pa.field(name, kind, nullable=nullable)
            for kind, nullable, names in groups
            for name in names.split()
        ]
    )


# The columns that ingest fills; landed_at is ClickHouse's own.
EVENTS = _schema(
    (_TEXT, False, "project_id event_id session_id user_id device_id event_type"),
    (_TIME, False, "timestamp"),
    (_TEXT, False, "url path title referrer"),
    (_INT32, True, "click_x click_y"),
    (_TEXT, False, "click_button"),
    (_TEXT, True, "target_selector target_tag target_text target_id target_href"),
    (pa.list_(_TEXT), False, "target_classes"),
    (pa.map_(_TEXT, _TEXT), False, "target_attributes"),
    (_INT32, True, "target_top target_left target_width target_height scroll_top scroll_depth"),
    (_TEXT, True, "scroll_direction"),
    (_INT64, True, "time_on_page_ms"),
    (_TEXT, True, "error_message error_stack error_type error_filename"),
    (_INT32, True, "lcp fid"),
    (_FLOAT, True, "cls"),
    (_INT32, True, "ttfb inp fcp load_complete"),
    (_TEXT, False, "request_type request_method"),
    (_TEXT, True, "request_url"),
    (_INT32, True, "request_status"),
    (_INT64, True, "request_duration_ms"),
    (_TEXT, True, "form_id"),
    (pa.bool_(), True, "form_success"),
    (_TEXT, False, "entry_url utm_source utm_medium utm_campaign utm_term utm_content"),
    (pa.list_(_INT32), False, "move_x move_y"),
    (pa.list_(_INT64), False, "move_t"),
    (_TEXT, False, "custom_name payload custom"),
    (_TEXT, False, "user_agent browser browser_version os os_version device_type"),
    (_UINT32, False, "screen_width screen_height viewport_width viewport_height"),
    (_FLOAT, False, "device_pixel_ratio"),
    (_TEXT, False, "language timezone ip country country_code region city"),
    (_TEXT, False, "sdk_version batch_id"),
    (_INT64, False, "clock_skew_ms"),
    (_TIME, False, "ingested_at sent_at"),
    (_UINT16, False, "position"),
)
REPLAY_CHUNKS = _schema(
    (_TEXT, False, "project_id event_id session_id"),
    (_TIME, False, "timestamp"),
    (_INT32, False, "rrweb_type"),
    (pa.binary(), False, "data"),
    (_TEXT, False, "batch_id"),
    (_INT64, False, "clock_skew_ms"),
    (_TIME, False, "ingested_at sent_at"),
    (_UINT16, False, "position"),
)
# A row is a dict of 2 KiB: those of a whole block do not fit a processor's cache.
ROWS_AT_A_TIME = 250
_JSON_COLUMNS = ("payload", "custom")


def table(rows: Iterable[Row], schema: pa.Schema) -> pa.Table:
    """One Arrow row for each row, in order.

    KeyError when a row has not exactly the columns of the schema.
    """
    names = tuple(schema.names)
    columns: list[list[Any]] = [[] for _ in names]
    left = iter(rows)
    while some := [_values(row, names) for row in islice(left, ROWS_AT_A_TIME)]:
        for column, values in zip(columns, zip(*some, strict=True), strict=True):
            column.extend(values)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _values(row: Row, names: tuple[str, ...]) -> Iterable[Any]:
    return row.values() if tuple(row) == names else _ordered(row, names)


def _ordered(row: Row, names: tuple[str, ...]) -> Iterable[Any]:
    if len(row) != len(names):
        raise KeyError(f"not the columns of the table: {', '.join(row.keys() ^ set(names))}")
    return [row[name] for name in names]


def empty_row(schema: pa.Schema) -> Row:
    """The defaults of all columns, in order; for reading, lists too."""
    return {field.name: _default(field) for field in schema}


def _default(field: pa.Field) -> Any:
    if field.nullable:
        return None
    if field.name in _JSON_COLUMNS:
        return "{}"
    if pa.types.is_list(field.type) or pa.types.is_map(field.type):
        return []
    if pa.types.is_boolean(field.type):
        return False
    return "" if pa.types.is_string(field.type) else 0
