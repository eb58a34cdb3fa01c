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


def transform(events: pl.LazyFrame, settings: FormAbandonmentSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per page view with a changed input and no form submitted before it was left.

    A view is left at its first exit after the first change, at a gap after it, or at the session's
    end. Inputs name no form, so any submit closes all forms of the view.
    """
    on_views = events.filter(pl.col("view_id").is_not_null())
    views = _views_with_input(on_views)
    abandoned = (
        _events_of(views, on_views)
        .pipe(_until_left, settings)
        .group_by("view", maintain_order=True)
        .agg(
            pl.col("timestamp", "url", "path").filter("is_change").first(),
            pl.col("target_selector").filter("is_change").last(),
            is_submitted=pl.col("is_submit").any(),
            changes=pl.col("is_change").sum(),
            fields=pl.col("target_selector").filter("is_change").n_unique(),
            related_event_ids=pl.col("event_id").filter("is_change"),
        )
        .filter(~pl.col("is_submitted"))
        .join(views, on="view", maintain_order="left")
        .with_columns(x=None, y=None)
    )
    details = pl.struct("changes", "fields", last_field="target_selector")
    return as_insights(abandoned, INSIGHT_TYPE, DETECTOR_VERSION, details)


def _views_with_input(events: pl.LazyFrame) -> pl.LazyFrame:
    """Numbered: a number a row is a tenth of the key's three names, and long sessions have many."""
    changes = events.filter(pl.col("event_type") == "input_change")
    return changes.select(VIEW_KEY).unique().sort(VIEW_KEY).with_row_index("view")


def _events_of(views: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    return (
        events.join(views, on=VIEW_KEY)
        .select(
            "view",
            *EVENT_ORDER,
            *("url", "path", "target_selector"),
            is_change=pl.col("event_type") == "input_change",
            is_submit=pl.col("event_type") == "form_submit",
            is_exit=pl.col("event_type") == "page_exit",
        )
        .sort("view", *EVENT_ORDER)
    )


def _until_left(events: pl.LazyFrame, settings: FormAbandonmentSettings) -> pl.LazyFrame:
    """Each view's events up to the one that shows it left."""
    gap = pl.col("timestamp").diff().dt.total_milliseconds()
    is_idle = (gap >= settings.max_gap_ms).fill_null(value=False)
    changed = pl.col("is_change").cum_sum() > 0
    changed_before = changed.shift(fill_value=False)
    left_by_now = ((is_idle & changed_before) | (pl.col("is_exit") & changed)).cum_sum() > 0
    return events.filter(~left_by_now.over("view"))
