"""Collapses the page views of whole sessions into journey steps."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_ENDED_AT, SESSION_KEY
from orchestration.signals.journey_steps.schema import WRITES
from orchestration.signals.signal import NO_SETTINGS, NoSettings


def transform(events: pl.LazyFrame, settings: NoSettings = NO_SETTINGS) -> pl.LazyFrame:
    """One row per run of page views of one path.

    A step lasts until the next one starts, the last until the session's last event.
    """
    del settings  # every signal takes settings; this rule has none
    return (
        events.filter(pl.col("event_type") == "page_view")
        .sort(*SESSION_KEY, *EVENT_ORDER)
        .with_columns(run=_starts_run().cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.first(*SESSION_KEY, "path", "url", "title", SESSION_ENDED_AT),
            started_at=pl.first("timestamp"),
            view_id=pl.first("event_id"),
            run_length=pl.len(),
        )
        .with_columns(
            step=pl.int_range(1, pl.len() + 1).over(SESSION_KEY),
            left_at=pl.col("started_at").shift(-1).over(SESSION_KEY),
        )
        .with_columns(dwell_ms=_lasted().dt.total_milliseconds())
        .select(*(pl.col(name).cast(dtype) for name, dtype in WRITES.items()))
    )


def _starts_run() -> pl.Expr:
    return pl.any_horizontal(
        pl.col(key).ne_missing(pl.col(key).shift()) for key in (*SESSION_KEY, "path")
    )


def _lasted() -> pl.Expr:
    return pl.coalesce("left_at", SESSION_ENDED_AT) - pl.col("started_at")
