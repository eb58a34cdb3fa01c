"""Finds rage clicks in the clicks of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.insights import as_insights, iso_time, rounded_mean
from orchestration.signals.rage_click.schema import (
    ANSWER_TYPES,
    DETECTOR_VERSION,
    INSIGHT_TYPE,
    RageClickSettings,
)

SPOT_KEY = (*SESSION_KEY, "path", "selector")
DEFAULTS = RageClickSettings()
SELECTING_CLICKS = 3


def transform(events: pl.LazyFrame, settings: RageClickSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per rage click.

    The burst is greedy: in order, it takes a click within the gap of its last click and the
    distance of its first; any other click closes it and opens the next. A burst is none where the
    page answered each click: plus and minus are there to be clicked fast.
    """
    bursts = (
        _candidates(_with_answers(events, settings))
        .pipe(_keep_long_runs, settings)
        .pipe(_number_bursts, settings)
        .pipe(_summarise, settings)
    )
    details = pl.struct(
        "click_count",
        iso_time(pl.col("timestamp")).alias("first_at"),
        iso_time(pl.col("last_at")).alias("last_at"),
        "x",
        "y",
    )
    return as_insights(bursts, INSIGHT_TYPE, DETECTOR_VERSION, details)


def _with_answers(events: pl.LazyFrame, settings: RageClickSettings) -> pl.LazyFrame:
    """Adds whether the page answered a click in time, before the next one."""
    ordered = events.sort(*SESSION_KEY, *EVENT_ORDER)
    following = pl.col("event_type", "timestamp").shift(-1).over(SESSION_KEY).name.prefix("next_")
    waited = (pl.col("next_timestamp") - pl.col("timestamp")).dt.total_milliseconds()
    is_answered = pl.col("next_event_type").is_in(ANSWER_TYPES) & (waited <= settings.max_answer_ms)
    return ordered.with_columns(following).with_columns(
        is_answered=is_answered.fill_null(value=False)
    )


def _candidates(events: pl.LazyFrame) -> pl.LazyFrame:
    """Left clicks with a position outside text fields, in order within their spot.

    A spot is a selector on a path; clicks without a selector share the spot ''.
    """
    return (
        events.filter(
            pl.col("event_type") == "click",
            pl.col("click_button") == "left",
            pl.col("click_x").is_not_null() & pl.col("click_y").is_not_null(),
            ~pl.col("target_is_editable").fill_null(value=False),
        )
        .select(
            *SESSION_KEY,
            *EVENT_ORDER,
            "path",
            "url",
            "is_answered",
            selector=pl.col("target_selector").fill_null(""),
            is_interactive=pl.col("target_is_interactive").fill_null(value=False),
            at=pl.col("timestamp").dt.epoch("ms"),
            # Int32 differences and their squares overflow Int32 and Int64.
            x=pl.col("click_x").cast(pl.Float64),
            y=pl.col("click_y").cast(pl.Float64),
        )
        .sort(*SPOT_KEY, *EVENT_ORDER)
    )


def _keep_long_runs(clicks: pl.LazyFrame, settings: RageClickSettings) -> pl.LazyFrame:
    """Runs are cut where the spot changes or the gap is too long; bursts lie within runs.

    A run with fewer clicks than a rage click needs is dropped.
    """
    other_spot = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift()) for key in SPOT_KEY)
    too_late = pl.col("at").diff() > settings.max_gap_ms
    return clicks.with_columns(run=(other_spot | too_late.fill_null(value=True)).cum_sum()).filter(
        pl.len().over("run") >= settings.min_clicks
    )


def _number_bursts(clicks: pl.LazyFrame, settings: RageClickSettings) -> pl.LazyFrame:
    """A run within distance and duration of its first click is one burst; others are scanned."""
    dx, dy = (pl.col(axis) - pl.col(axis).first().over("run") for axis in ("x", "y"))
    is_out = dx * dx + dy * dy > settings.max_distance_px**2
    if settings.max_duration_ms is not None:
        lasted = pl.col("at") - pl.col("at").first().over("run")
        is_out = is_out | (lasted > settings.max_duration_ms)
    return clicks.with_columns(is_split=is_out.any().over("run")).with_columns(
        burst=pl.struct("run", "is_split", "at", "x", "y")
        .map_batches(lambda rows: _opens_burst(rows, settings), return_dtype=pl.Boolean)
        .cum_sum()
    )


def _opens_burst(rows: pl.Series, settings: RageClickSettings) -> pl.Series:
    clicks = rows.struct.unnest()
    opens = clicks["run"].ne_missing(clicks["run"].shift())
    split = clicks["is_split"].arg_true()
    if split.is_empty():
        return opens
    return opens.scatter(split, _scan(clicks[split], settings))


def _scan(clicks: pl.DataFrame, settings: RageClickSettings) -> list[bool]:
    """Whether each click opens a burst. Row by row, for each answer depends on the one before."""
    opens: list[bool] = []
    radius_squared = settings.max_distance_px**2
    longest = settings.max_duration_ms
    open_run, first_at, first_x, first_y = -1, 0, 0.0, 0.0
    for run, at, x, y in clicks.select("run", "at", "x", "y").iter_rows():
        is_far = (x - first_x) ** 2 + (y - first_y) ** 2 > radius_squared
        is_long = longest is not None and at - first_at > longest
        is_first = run != open_run or is_far or is_long
        if is_first:
            open_run, first_at, first_x, first_y = run, at, x, y
        opens.append(is_first)
    return opens


def _summarise(clicks: pl.LazyFrame, settings: RageClickSettings) -> pl.LazyFrame:
    return (
        clicks.group_by("burst", maintain_order=True)
        .agg(
            pl.first(*SESSION_KEY, "timestamp", "path", "url", "selector"),
            last_at=pl.last("timestamp"),
            click_count=pl.len(),
            x=rounded_mean("x"),
            y=rounded_mean("y"),
            related_event_ids=pl.col("event_id"),
            is_harmless=_selects_text(settings) | pl.col("is_answered").all(),
        )
        .filter(pl.col("click_count") >= settings.min_clicks, ~pl.col("is_harmless"))
        .with_columns(
            target_selector=pl.when(pl.col("selector") != "").then("selector"),
        )
    )


def _selects_text(settings: RageClickSettings) -> pl.Expr:
    """Of the clicks of a burst: exactly three, as one selects a paragraph, on nothing to press."""
    way = pl.col("x").diff().pow(2) + pl.col("y").diff().pow(2)
    return (
        (pl.len() == SELECTING_CLICKS)
        & ~pl.col("is_interactive").any()
        & (pl.col("at").diff().max() <= settings.selection_gap_ms)
        & (way.max() <= settings.selection_distance_px**2)
    ).fill_null(value=False)
