"""Puts the decoded replay payloads of whole sessions in order."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.replay_facts.schema import WRITES
from orchestration.signals.signal import NO_SETTINGS, NoSettings


def transform(payloads: pl.LazyFrame, settings: NoSettings = NO_SETTINGS) -> pl.LazyFrame:
    """One row per payload with its place in the session and the gap before it."""
    del settings  # every signal takes settings; this rule has none
    recorded_until = pl.col("ended_at").cum_max().shift().over(SESSION_KEY)
    gap = (pl.col("started_at") - recorded_until).dt.total_milliseconds()
    return (
        payloads.sort(*SESSION_KEY, *EVENT_ORDER)
        .with_columns(
            chunk_index=pl.int_range(pl.len()).over(SESSION_KEY),
            gap_ms=gap.clip(lower_bound=0),
        )
        .select(*(pl.col(name).cast(dtype) for name, dtype in WRITES.items()))
    )
