"""Finds dead clicks in the clicks and reactions of whole sessions."""

import polars as pl

from orchestration.signals.columns import SESSION_ENDED_AT, SESSION_KEY
from orchestration.signals.dead_click.origin import leaves_origin
from orchestration.signals.dead_click.schema import (
    CHANGE,
    DETECTOR_VERSION,
    FULL_SNAPSHOT,
    INFERRED,
    INSIGHT_TYPE,
    NOT_MEASURABLE,
    OBSERVED,
    REACTION_TYPES,
    REPLAY_FACTS,
    REQUEST_TYPES,
    UNREADABLE,
    DeadClickSettings,
)
from orchestration.signals.insights import as_insights

DEFAULTS = DeadClickSettings()
CLICK_KEY = (*SESSION_KEY, "event_id")
# A request that began in the click's millisecond but was reported in a later one came after the
# click, whatever its id: `is_late` ranks it so.
TIMELINE_ORDER = (*SESSION_KEY, "at", "is_late", "event_id")


def transform(
    events: pl.LazyFrame,
    settings: DeadClickSettings = DEFAULTS,
    replay_facts: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """One row per left click on something interactive that nothing in its session answered.

    Graded `observed` where a replay saw that nothing moved, else `inferred`. `not_measurable`, so
    no detection: the window outlasts both the session's events and its replay.
    """
    facts = pl.LazyFrame(schema=REPLAY_FACTS) if replay_facts is None else replay_facts
    clicks = _interactive_clicks(events)
    return (
        pl.concat([clicks, _reactions(events, clicks), _changes(facts, clicks)], how="diagonal")
        .pipe(_unanswered, settings)
        .pipe(_graded, facts, settings)
        .pipe(as_insights, INSIGHT_TYPE, DETECTOR_VERSION, pl.struct("grade"))
    )


def _interactive_clicks(events: pl.LazyFrame) -> pl.LazyFrame:
    is_link = (pl.col("target_tag") == "a").fill_null(value=False)
    goes_elsewhere = is_link & leaves_origin(pl.col("target_href"), pl.col("url"))
    return (
        events.filter(
            pl.col("event_type") == "click",
            pl.col("click_button") == "left",
            pl.col("target_is_interactive").fill_null(value=False),
        )
        .filter(~goes_elsewhere)
        .select(
            *SESSION_KEY,
            "event_id",
            *("timestamp", "url", "path", "target_selector", SESSION_ENDED_AT),
            x="click_x",
            y="click_y",
            at=pl.col("timestamp").dt.epoch("ms"),
            is_late=pl.lit(value=False),
        )
    )


def _reactions(events: pl.LazyFrame, clicks: pl.LazyFrame) -> pl.LazyFrame:
    """Reactions of the sessions clicked in, of any path and tab; a request counts when it began."""
    reported_at = pl.col("timestamp").dt.epoch("ms")
    took = pl.col("request_duration_ms").fill_null(0).clip(lower_bound=0)
    is_request = pl.col("event_type").is_in(REQUEST_TYPES)
    began_at = pl.when(is_request).then(reported_at - took).otherwise(reported_at)
    return (
        events.filter(pl.col("event_type").is_in(REACTION_TYPES))
        .join(clicks.select(SESSION_KEY).unique(), on=SESSION_KEY, how="semi")
        .select(
            *SESSION_KEY,
            "event_id",
            at=began_at,
            is_late=began_at < reported_at,
            reacted_at=began_at,
        )
    )


def _changes(facts: pl.LazyFrame, clicks: pl.LazyFrame) -> pl.LazyFrame:
    """What a replay saw move. It has no event id, so in a click's own millisecond it is earlier."""
    at = pl.col("at").dt.epoch("ms")
    return (
        facts.filter(pl.col("kind") == CHANGE)
        .join(clicks.select(SESSION_KEY).unique(), on=SESSION_KEY, how="semi")
        .select(
            *SESSION_KEY, event_id=pl.lit(""), at=at, is_late=pl.lit(value=False), reacted_at=at
        )
    )


def _unanswered(timeline: pl.LazyFrame, settings: DeadClickSettings) -> pl.LazyFrame:
    next_reaction = pl.col("reacted_at").backward_fill().over(SESSION_KEY)
    return (
        timeline.sort(TIMELINE_ORDER)
        .with_columns(next_reaction=next_reaction)
        .filter(
            pl.col("timestamp").is_not_null(),
            (pl.col("next_reaction") - pl.col("at") > settings.window_ms).fill_null(value=True),
        )
    )


def _graded(clicks: pl.LazyFrame, facts: pl.LazyFrame, settings: DeadClickSettings) -> pl.LazyFrame:
    window_end = pl.col("timestamp") + pl.duration(milliseconds=settings.window_ms)
    replays = facts.group_by(SESSION_KEY).agg(
        covered_from=pl.col("at").filter(pl.col("kind") == FULL_SNAPSHOT).min(),
        covered_to=pl.col("at").max(),
    )
    is_covered = (pl.col("covered_from") <= pl.col("timestamp")) & (
        pl.col("covered_to") >= window_end
    )
    return (
        clicks.join(replays, on=SESSION_KEY, how="left")
        .join(_beside_unreadable(clicks, facts, window_end), on=CLICK_KEY, how="left")
        .with_columns(
            grade=pl.when(is_covered & pl.col("is_unreadable").is_null())
            .then(pl.lit(OBSERVED))
            .when(pl.col(SESSION_ENDED_AT) >= window_end)
            .then(pl.lit(INFERRED))
            .otherwise(pl.lit(NOT_MEASURABLE)),
            related_event_ids=pl.concat_list("event_id"),
        )
    )


def _beside_unreadable(
    clicks: pl.LazyFrame, facts: pl.LazyFrame, window_end: pl.Expr
) -> pl.LazyFrame:
    """Clicks with a payload in their window that cannot be read: it may hold an answer."""
    unreadable = facts.filter(pl.col("kind") == UNREADABLE)
    return (
        clicks.select(*CLICK_KEY, "timestamp")
        .join(unreadable.select(*SESSION_KEY, unreadable_at="at"), on=SESSION_KEY)
        .filter(pl.col("unreadable_at").is_between("timestamp", window_end, closed="right"))
        .select(CLICK_KEY)
        .unique()
        .with_columns(is_unreadable=pl.lit(value=True))
    )
