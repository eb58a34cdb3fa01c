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
    # Numbers, because sessions are compared often; in order, for each branch numbers them anew.
    sessions = clicks.select(SESSION_KEY).unique(maintain_order=True).with_row_index("session")
    return (
        clicks.join(sessions, on=SESSION_KEY)
        .pipe(_unanswered, _reactions(events, sessions), _changes(facts, sessions), settings)
        .pipe(_not_leaving)
        .pipe(_graded, facts, settings)
        .pipe(as_insights, INSIGHT_TYPE, DETECTOR_VERSION, pl.struct("grade"))
    )


def _interactive_clicks(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.filter(
        pl.col("event_type") == "click",
        pl.col("click_button") == "left",
        pl.col("target_is_interactive").fill_null(value=False),
        ~pl.col("target_is_answered_by_browser").fill_null(value=False),
    ).select(
        *CLICK_KEY,
        *("timestamp", "sent_order", "url", "path", "target_selector", "target_tag", "target_href"),
        SESSION_ENDED_AT,
        x="click_x",
        y="click_y",
        at=pl.col("timestamp").dt.epoch("ms"),
    )


def _not_leaving(clicks: pl.LazyFrame) -> pl.LazyFrame:
    """Without links to elsewhere, which are answered there. Last, for URLs take time to read."""
    is_link = pl.col("target_tag").is_in(("a", "area")).fill_null(value=False)
    return clicks.filter(~(is_link & leaves_origin(pl.col("target_href"), pl.col("url"))))


def _reactions(events: pl.LazyFrame, sessions: pl.LazyFrame) -> pl.LazyFrame:
    """Reactions of the sessions clicked in, of any path and tab; a request counts when it began."""
    reported_at = pl.col("timestamp").dt.epoch("ms")
    took = pl.col("request_duration_ms").fill_null(0).clip(lower_bound=0)
    is_request = pl.col("event_type").is_in(REQUEST_TYPES)
    began_at = pl.when(is_request).then(reported_at - took).otherwise(reported_at)
    return (
        events.filter(pl.col("event_type").is_in(REACTION_TYPES))
        .join(sessions, on=SESSION_KEY)
        .select(
            "session",
            at=began_at,
            is_late=began_at < reported_at,
            reaction_order="sent_order",
            reaction_id="event_id",
        )
    )


def _changes(facts: pl.LazyFrame, sessions: pl.LazyFrame) -> pl.LazyFrame:
    """What a replay saw move."""
    return (
        facts.filter(pl.col("kind") == CHANGE)
        .join(sessions, on=SESSION_KEY)
        .select("session", at=pl.col("at").dt.epoch("ms"))
    )


def _unanswered(
    clicks: pl.LazyFrame,
    reactions: pl.LazyFrame,
    changes: pl.LazyFrame,
    settings: DeadClickSettings,
) -> pl.LazyFrame:
    """Clicks without an answer after their millisecond, nor in it but later in order."""
    answers = pl.concat([reactions.select("session", "at"), changes])
    next_answer = answers.sort("at").with_columns(answered_at="at")
    waited = pl.col("answered_at") - pl.col("at")
    return (
        clicks.with_columns(after=pl.col("at") + 1)
        .sort("after")
        .join_asof(
            next_answer.drop("at"),
            left_on="after",
            right_on="answered_at",
            by="session",
            strategy="forward",
            coalesce=False,
            check_sortedness=False,
        )
        .filter((waited > settings.window_ms).fill_null(value=True))
        .join(_answered_at_once(clicks, reactions), on=CLICK_KEY, how="anti")
    )


def _answered_at_once(clicks: pl.LazyFrame, reactions: pl.LazyFrame) -> pl.LazyFrame:
    """Clicks with a reaction in their own millisecond that is later in order.

    A request that began in it but was reported in a later one came after the click, whatever its
    place in the order. What a replay saw in it has none, so it counts as earlier.
    """
    latest = reactions.sort("is_late", "reaction_order", "reaction_id").unique(
        ["session", "at"], keep="last"
    )
    sent_after = pl.col("reaction_order").cast(pl.Int64) - pl.col("sent_order").cast(pl.Int64)
    is_later = (
        pl.col("is_late")
        | (sent_after > 0)
        | ((sent_after == 0) & (pl.col("reaction_id") > pl.col("event_id")))
    )
    return clicks.join(latest, on=["session", "at"]).filter(is_later).select(CLICK_KEY)


def _graded(clicks: pl.LazyFrame, facts: pl.LazyFrame, settings: DeadClickSettings) -> pl.LazyFrame:
    window_end = pl.col("timestamp") + pl.duration(milliseconds=settings.window_ms)
    replays = facts.group_by(SESSION_KEY).agg(
        covered_from=pl.col("at").filter(pl.col("kind") == FULL_SNAPSHOT).min(),
        covered_to=pl.col("at").max(),
    )
    is_covered = (pl.col("covered_from") <= pl.col("timestamp")) & (
        pl.col("covered_to") >= window_end
    )
    # A payload that cannot be read may hold an answer.
    is_readable = (pl.col("unreadable_at") > window_end).fill_null(value=True)
    return (
        clicks.join(replays, on=SESSION_KEY, how="left")
        .pipe(_with_next, facts.filter(pl.col("kind") == UNREADABLE))
        .with_columns(
            grade=pl.when(is_covered & is_readable)
            .then(pl.lit(OBSERVED))
            .when(pl.col(SESSION_ENDED_AT) >= window_end)
            .then(pl.lit(INFERRED))
            .otherwise(pl.lit(NOT_MEASURABLE)),
            related_event_ids=pl.concat_list("event_id"),
        )
    )


def _with_next(clicks: pl.LazyFrame, unreadable: pl.LazyFrame) -> pl.LazyFrame:
    """Adds `unreadable_at`, the session's next moment of that kind after the click's."""
    return (
        clicks.with_columns(after=pl.col("timestamp") + pl.duration(milliseconds=1))
        .sort("after")
        .join_asof(
            unreadable.select(*SESSION_KEY, unreadable_at="at").sort("unreadable_at"),
            left_on="after",
            right_on="unreadable_at",
            by=SESSION_KEY,
            strategy="forward",
            coalesce=False,
            check_sortedness=False,
        )
    )
