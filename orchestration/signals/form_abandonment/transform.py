"""Finds abandoned forms in the events of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.form_abandonment.schema import (
    DETECTOR_VERSION,
    INSIGHT_TYPE,
    FormAbandonmentSettings,
)
from orchestration.signals.insights import as_insights

VIEW_KEY = (*SESSION_KEY, "view_id")
DEFAULTS = FormAbandonmentSettings()

IS_CHANGE = pl.col("event_type") == "input_change"
IS_SUBMIT = pl.col("event_type") == "form_submit"
IS_EXIT = pl.col("event_type") == "page_exit"


def transform(events: pl.LazyFrame, settings: FormAbandonmentSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per page view with a changed input and no form submitted before it was left.

    A view is left at its first exit after the first change, at a gap after it, or at the session's
    end. Inputs name no form, so any submit closes all forms of the view.
    """
    abandoned = (
        _events_of_views_with_input(events)
        .pipe(_until_left, settings)
        .group_by(VIEW_KEY, maintain_order=True)
        .agg(
            pl.col("timestamp", "url", "path").filter(IS_CHANGE).first(),
            pl.col("target_selector").filter(IS_CHANGE).last(),
            is_submitted=IS_SUBMIT.any(),
            changes=IS_CHANGE.sum(),
            fields=pl.col("target_selector").filter(IS_CHANGE).n_unique(),
            related_event_ids=pl.col("event_id").filter(IS_CHANGE),
        )
        .filter(~pl.col("is_submitted"))
        .with_columns(x=None, y=None)
    )
    details = pl.struct("changes", "fields", last_field="target_selector")
    return as_insights(abandoned, INSIGHT_TYPE, DETECTOR_VERSION, details)


def _events_of_views_with_input(events: pl.LazyFrame) -> pl.LazyFrame:
    on_views = events.filter(pl.col("view_id").is_not_null())
    with_input = on_views.filter(IS_CHANGE).select(VIEW_KEY).unique()
    return on_views.join(with_input, on=VIEW_KEY, how="semi").sort(*VIEW_KEY, *EVENT_ORDER)


def _until_left(events: pl.LazyFrame, settings: FormAbandonmentSettings) -> pl.LazyFrame:
    """Each view's events up to the one that shows it left."""
    gap = pl.col("timestamp").diff().dt.total_milliseconds()
    is_idle = (gap >= settings.max_gap_ms).fill_null(value=False)
    changed = IS_CHANGE.cum_sum() > 0
    changed_before = changed.shift(fill_value=False)
    left_by_now = ((is_idle & changed_before) | (IS_EXIT & changed)).cum_sum() > 0
    return events.filter(~left_by_now.over(VIEW_KEY))
