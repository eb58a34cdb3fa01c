"""Finds thrashed cursors in the pointer positions of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_DEVICE_TYPE, SESSION_KEY
from orchestration.signals.insights import INSIGHT_ORDER, as_insights, rounded_mean
from orchestration.signals.thrashed_cursor.schema import (
    DETECTOR_VERSION,
    INSIGHT_TYPE,
    LOST,
    NOT_MEASURABLE,
    ThrashedCursorSettings,
)
from orchestration.signals.thrashed_cursor.windows import Samples, Window, windows

DEFAULTS = ThrashedCursorSettings()
# Absolute time, place of the event in its millisecond, place in the event.
SAMPLE_ORDER = ("session", "at", "move", "index")
FOUND_COLUMNS = pl.Schema(
    {
        "window": pl.UInt32(),
        "move": pl.UInt32(),
        "index": pl.Int64(),
        "x": pl.Int32(),
        "y": pl.Int32(),
        "duration_ms": pl.Int64(),
        "reversals": pl.Int64(),
        "path_px": pl.Int64(),
        "displacement_px": pl.Int64(),
        "samples": pl.Int64(),
    }
)
"""Grain: one row per sample of a window."""


def transform(events: pl.LazyFrame, settings: ThrashedCursorSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per window of a desktop session's pointer samples that meets every threshold.

    Greedy: the window that is complete first, from as early as it holds; the next begins after it.
    A session whose recorder samples too slowly to judge has one row graded `not_measurable`, which
    is no detection.
    """
    moves = _moves(events, settings)
    samples = _samples(moves)
    found = (
        _with_reversals(samples, settings)
        .pipe(_of_sessions_that_turn_enough, settings)
        .map_batches(lambda candidates: _scan(candidates, settings), schema=FOUND_COLUMNS)
    )
    windows_found = as_insights(
        _one_row_per_window(found, moves),
        INSIGHT_TYPE,
        DETECTOR_VERSION,
        pl.struct("duration_ms", "reversals", "path_px", "displacement_px", "samples"),
        named_by=pl.concat_str("first_move_id", "first_index", separator="/"),
    )
    not_measurable = as_insights(
        _one_row_per_slow_session(samples, moves, settings),
        INSIGHT_TYPE,
        DETECTOR_VERSION,
        pl.struct(grade=pl.lit(NOT_MEASURABLE)),
    )
    return pl.concat([windows_found, not_measurable]).sort(INSIGHT_ORDER)


def _moves(events: pl.LazyFrame, settings: ThrashedCursorSettings) -> pl.LazyFrame:
    """Moves of desktop sessions with enough samples; `session` and `move` number keys and ids."""
    other_session = pl.any_horizontal(
        pl.col(key).ne_missing(pl.col(key).shift()) for key in SESSION_KEY
    )
    return (
        events.filter(
            pl.col("event_type") == "mouse_move",
            (pl.col(SESSION_DEVICE_TYPE) == "desktop").fill_null(value=False),
            pl.col("move_x").list.len() > 0,
        )
        .filter(pl.col("move_x").list.len().sum().over(SESSION_KEY) >= settings.min_samples)
        .sort(*SESSION_KEY, "sent_order", "event_id")
        .with_columns(session=other_session.cum_sum())
        .with_row_index("move")
    )


def _samples(moves: pl.LazyFrame) -> pl.LazyFrame:
    """In order; of one millisecond the last, for no pointer is anywhere twice in it."""
    is_lost = (pl.col("x") == LOST) & (pl.col("y") == LOST)
    return (
        moves.select(
            "session",
            "move",
            started=pl.col("timestamp").dt.epoch("ms"),
            at="move_t",
            x="move_x",
            y="move_y",
            index=pl.int_ranges(pl.col("move_x").list.len()),
        )
        .explode("at", "x", "y", "index")
        .filter(~is_lost)
        .with_columns(at=pl.col("started") + pl.col("at"))
        .drop("started")
        .sort(SAMPLE_ORDER)
        .unique(["session", "at"], keep="last", maintain_order=True)
    )


def _with_reversals(samples: pl.LazyFrame, settings: ThrashedCursorSettings) -> pl.LazyFrame:
    """A reversal: two legs in a row, both long enough, that turn by more than 120 degrees."""
    # Int32 differences and their squares overflow Int32 and Int64.
    x, y = (pl.col(axis).cast(pl.Float64) for axis in ("x", "y"))
    is_first = pl.col("session").ne_missing(pl.col("session").shift())
    is_long = pl.col("leg") >= settings.min_leg_px
    turn = pl.col("dx") * pl.col("dx").shift() + pl.col("dy") * pl.col("dy").shift()
    # cos 120 degrees = -1/2. A session's first leg, from the session before, counts as none.
    turns_back = turn < -0.5 * pl.col("leg") * pl.col("leg").shift()
    return (
        samples.with_columns(
            dx=pl.when(is_first).then(0.0).otherwise(x.diff()),
            dy=pl.when(is_first).then(0.0).otherwise(y.diff()),
        )
        .with_columns(leg=(pl.col("dx").pow(2) + pl.col("dy").pow(2)).sqrt())
        .with_columns(
            is_reversal=(turns_back & is_long & is_long.shift()).fill_null(value=False),
        )
    )


def _of_sessions_that_turn_enough(
    samples: pl.LazyFrame, settings: ThrashedCursorSettings
) -> pl.LazyFrame:
    """Drops the sessions, nearly all, that never have enough reversals within one window."""
    last_at = pl.col("at").shift(1 - settings.min_reversals).over("session")
    candidates = (
        samples.filter("is_reversal")
        .filter(last_at - pl.col("at") <= settings.max_window_ms)
        .select("session")
        .unique()
    )
    return samples.join(candidates, on="session", how="semi", maintain_order="left")


def _scan(samples: pl.DataFrame, settings: ThrashedCursorSettings) -> pl.DataFrame:
    parts = [
        _rows_of(session, window)
        for session in samples.partition_by("session", maintain_order=True)
        for window in windows(_as_arrays(session), settings)
    ]
    numbered = [part.with_columns(window=pl.lit(n)) for n, part in enumerate(parts)]
    return pl.concat([FOUND_COLUMNS.to_frame(), *(_declared(part) for part in numbered)])


def _as_arrays(session: pl.DataFrame) -> Samples:
    sums = session.select(pl.col("leg").cum_sum(), pl.col("is_reversal").cum_sum())
    return Samples(
        at=session["at"].to_numpy(),
        x=session["x"].cast(pl.Float64).to_numpy(),
        y=session["y"].cast(pl.Float64).to_numpy(),
        path=sums["leg"].to_numpy(),
        reversals=sums["is_reversal"].cast(pl.Int64).to_numpy(),
    )


def _rows_of(session: pl.DataFrame, window: Window) -> pl.DataFrame:
    return session[window.begin : window.end + 1].with_columns(
        duration_ms=pl.lit(window.duration_ms),
        reversals=pl.lit(window.reversals),
        path_px=pl.lit(round(window.path_px)),
        displacement_px=pl.lit(round(window.displacement_px)),
        samples=pl.lit(window.samples),
    )


def _declared(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FOUND_COLUMNS.items())


def _one_row_per_window(found: pl.LazyFrame, moves: pl.LazyFrame) -> pl.LazyFrame:
    events = moves.select("move", *SESSION_KEY, *EVENT_ORDER, "url", "path")
    measures = ("duration_ms", "reversals", "path_px", "displacement_px", "samples")
    places = found.group_by("window", maintain_order=True).agg(
        pl.first(*measures),
        x=rounded_mean("x"),
        y=rounded_mean("y"),
        first_move=pl.first("move"),
        first_index=pl.first("index"),
    )
    related = (
        found.select("window", "move")
        .unique()
        .join(events, on="move")
        .sort("window", *EVENT_ORDER)
        .group_by("window", maintain_order=True)
        .agg(
            pl.first(*SESSION_KEY, "timestamp", "url", "path"),
            related_event_ids=pl.col("event_id"),
        )
    )
    first_ids = events.select(first_move="move", first_move_id="event_id")
    return (
        places.join(related, on="window")
        .join(first_ids, on="first_move")
        .with_columns(target_selector=None)
    )


def _one_row_per_slow_session(
    samples: pl.LazyFrame, moves: pl.LazyFrame, settings: ThrashedCursorSettings
) -> pl.LazyFrame:
    """Sessions whose usual gap between samples is too long; longer ones are pauses of the hand."""
    gap = pl.col("at").diff()
    usual_gap = gap.filter(gap <= settings.max_window_ms).median()
    slow = (
        samples.group_by("session")
        .agg(usual_gap=usual_gap)
        .filter(pl.col("usual_gap") * settings.min_samples_per_s > 1000)
    )
    return (
        moves.join(slow, on="session", how="semi")
        .sort(EVENT_ORDER)
        .group_by("session", maintain_order=True)
        .agg(
            pl.first(*SESSION_KEY, "timestamp", "url", "path"),
            related_event_ids=pl.col("event_id").head(1),
        )
        .with_columns(x=None, y=None, target_selector=None)
    )
