"""Finds u-turns in the page views of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.insights import as_insights
from orchestration.signals.u_turn.schema import DETECTOR_VERSION, INSIGHT_TYPE, UTurnSettings

DEFAULTS = UTurnSettings()
STEP_COLUMNS = ("path", "url", "event_id", "timestamp", "position")


def transform(events: pl.LazyFrame, settings: UTurnSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per three journey steps A, B, A with a short stay on B.

    The row is B's, at the time of the first A. A form submitted on B during the stay says that B
    was not left in vain: no row.
    """
    ordered = (
        events.filter(pl.col("event_type").is_in(["page_view", "form_submit"]))
        .sort(*SESSION_KEY, *EVENT_ORDER)
        .with_row_index("position")
    )
    turns = _turns(ordered.filter(pl.col("event_type") == "page_view"), settings)
    submits = ordered.filter(pl.col("event_type") == "form_submit")
    return as_insights(
        _without_submits(turns, submits),
        INSIGHT_TYPE,
        DETECTOR_VERSION,
        pl.struct("path_before", "away_ms"),
    )


def _turns(views: pl.LazyFrame, settings: UTurnSettings) -> pl.LazyFrame:
    opens_step = pl.any_horizontal(
        pl.col(key).ne_missing(pl.col(key).shift()) for key in (*SESSION_KEY, "path")
    )
    away = pl.col("timestamp_back") - pl.col("timestamp_away")
    return (
        views.filter(opens_step)
        .with_columns(
            pl.col(STEP_COLUMNS).shift(-steps).over(SESSION_KEY).name.suffix(suffix)
            for steps, suffix in ((1, "_away"), (2, "_back"))
        )
        .with_columns(away_ms=away.dt.total_milliseconds())
        .filter(pl.col("path") == pl.col("path_back"), pl.col("away_ms") <= settings.max_away_ms)
        .select(
            *SESSION_KEY,
            "timestamp",
            "away_ms",
            "position_away",
            "position_back",
            path_before="path",
            path="path_away",
            url="url_away",
            x=None,
            y=None,
            target_selector=None,
            related_event_ids=pl.concat_list("event_id", "event_id_away", "event_id_back"),
        )
    )


def _without_submits(turns: pl.LazyFrame, submits: pl.LazyFrame) -> pl.LazyFrame:
    # The first after the arrival alone: a page submitted and left often costs no square.
    return (
        turns.sort("position_away")
        .join_asof(
            submits.select(*SESSION_KEY, "path", submitted="position"),
            left_on="position_away",
            right_on="submitted",
            by=[*SESSION_KEY, "path"],
            strategy="forward",
            coalesce=False,
            check_sortedness=False,
        )
        .filter((pl.col("submitted") > pl.col("position_back")).fill_null(value=True))
    )
