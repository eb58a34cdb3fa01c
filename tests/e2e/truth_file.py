"""The answer sheet of `hxi simulate --truth`, as frames: what the generator planned."""

import json
import os
from pathlib import Path
from typing import Any

import polars as pl

from simulate.truth import EVENT_TYPES

TAIL_BYTES = 1 << 24  # the totals, on the last line, are shorter

_INT, _TEXT = pl.Int64(), pl.String()
SESSION = {
    **dict.fromkeys(("session_id", "user_id", "entry_path", "exit_path", "device_type"), _TEXT),
    **dict.fromkeys(
        (
            *("started_at", "ended_at", "duration_ms", "engaged_ms", "max_scroll_depth"),
            *("page_count", "event_count", "click_count", "error_count"),
            *("rage_clicks", "dead_clicks", "error_clicks", "score"),
        ),
        _INT,
    ),
    "is_bounce": pl.Boolean(),
    **dict.fromkeys(("state", "channel", "referrer_domain", "bot"), _TEXT),
    **dict.fromkeys(("doubled", "implausible"), _INT),
    "is_overlong": pl.Boolean(),
    "utm": pl.Struct(dict.fromkeys(("utm_source", "utm_medium", "utm_campaign"), _TEXT)),
    "journey": pl.List(_TEXT),
    "events": pl.Struct(dict.fromkeys(EVENT_TYPES.values(), _INT)),
    "insights": pl.List(
        pl.Struct(
            {
                **dict.fromkeys(("kind", "path", "selector", "grade"), _TEXT),
                **dict.fromkeys(("at", "count"), _INT),
                "charged": pl.Boolean(),
            }
        )
    ),
    "deductions": pl.List(pl.Struct({"code": _TEXT, "points": _INT})),
    "steps": pl.List(
        pl.Struct({"path": _TEXT, **dict.fromkeys(("at", "dwell_ms", "run_length"), _INT)})
    ),
    "views": pl.List(
        pl.Struct(
            {
                "path": _TEXT,
                **dict.fromkeys(
                    (
                        *("at", "clicks", "errors", "depth", "exit_at", "exit_depth"),
                        *("time_on_page_ms", "lcp", "fid", "inp", "cls_thousandths"),
                        *("fcp", "ttfb", "load_complete"),
                    ),
                    _INT,
                ),
            }
        )
    ),
    "calls": pl.List(
        pl.Struct(
            {
                **dict.fromkeys(("method", "endpoint"), _TEXT),
                **dict.fromkeys(("status", "at", "duration_ms"), _INT),
                "is_aborted": pl.Boolean(),
            }
        )
    ),
    "hours": pl.List(pl.Struct({"hour": _INT, "path": _TEXT, "type": _TEXT, "events": _INT})),
    "clicked": pl.List(pl.Struct({"path": _TEXT, "selector": _TEXT, "clicks": _INT})),
    "told": pl.Struct(
        {
            **dict.fromkeys(("device_id", "end_reason", "country_code"), _TEXT),
            "is_new_user": pl.Boolean(),
            "traits": pl.Struct(dict.fromkeys(("plan", "email"), _TEXT)),
        }
    ),
    "recording": pl.Struct(dict.fromkeys(("payloads", "events", "first_at", "last_at"), _INT)),
}


def to_parquet(truth: Path, folder: Path) -> pl.LazyFrame:
    """One row a session, as a file that is read by columns; nothing is held whole."""
    target = folder / "truth.parquet"
    lines = pl.scan_ndjson(truth, schema={"session": pl.Struct(SESSION)})
    planned = lines.filter(pl.col("session").is_not_null()).unnest("session")
    planned.sink_parquet(target, row_group_size=20_000)
    return pl.scan_parquet(target)


def totals(truth: Path) -> dict[str, Any]:
    """The sums on the last line."""
    with truth.open("rb") as file:
        file.seek(max(0, truth.stat().st_size - TAIL_BYTES), os.SEEK_SET)
        last = file.read().splitlines()[-1]
    found: dict[str, Any] = json.loads(last)["totals"]
    return found


def exploded(sessions: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """One row per element of a list of structs, beside its session."""
    return sessions.select("session_id", column).explode(column, empty_as_null=False).unnest(column)


def day(column: str) -> pl.Expr:
    """The UTC date of milliseconds."""
    return pl.from_epoch(column, time_unit="ms").dt.date()
