"""Finds error clicks in the clicks and errors of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.error_click.schema import (
    DETECTOR_VERSION,
    ERROR_TYPES,
    INSIGHT_TYPE,
    ErrorClickSettings,
)
from orchestration.signals.insights import as_insights

PAGE_KEY = (*SESSION_KEY, "path")
CLICK_COLUMNS = ("timestamp", "event_id", "url", "click_x", "click_y", "target_selector")
DEFAULTS = ErrorClickSettings()


def transform(events: pl.LazyFrame, settings: ErrorClickSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per left click that errors on the same path followed in time.

    An error belongs to the latest click before it in order, and to no other.
    """
    return (
        _clicks_and_errors(events)
        .pipe(_errors_with_latest_click, settings)
        .pipe(_one_row_per_click, settings)
        .pipe(as_insights, INSIGHT_TYPE, DETECTOR_VERSION, pl.struct("error_ids", "messages"))
    )


def _clicks_and_errors(events: pl.LazyFrame) -> pl.LazyFrame:
    is_error = pl.col("event_type").is_in(ERROR_TYPES)
    is_left_click = (pl.col("event_type") == "click") & (pl.col("click_button") == "left")
    pages_with_errors = events.filter(is_error).select(PAGE_KEY).unique()
    return (
        events.filter(is_error | is_left_click)
        .join(pages_with_errors, on=PAGE_KEY, how="semi")
        .with_columns(is_error=is_error)
        .sort(*PAGE_KEY, *EVENT_ORDER)
    )


def _errors_with_latest_click(events: pl.LazyFrame, settings: ErrorClickSettings) -> pl.LazyFrame:
    latest_click = pl.when(~pl.col("is_error")).then(pl.struct(CLICK_COLUMNS))
    return (
        events.with_columns(click=latest_click.forward_fill().over(PAGE_KEY))
        .filter("is_error")
        .with_columns(clicked_at=pl.col("click").struct.field("timestamp"))
        .filter(
            (pl.col("timestamp") - pl.col("clicked_at")).dt.total_milliseconds()
            <= settings.max_delay_ms
        )
    )


def _one_row_per_click(errors: pl.LazyFrame, settings: ErrorClickSettings) -> pl.LazyFrame:
    message = pl.col("error_message").fill_null("").str.head(settings.max_message_chars)
    return (
        errors.with_columns(click_id=pl.col("click").struct.field("event_id"))
        .group_by(*PAGE_KEY, "click_id", maintain_order=True)
        .agg(
            pl.col("click").first(),
            error_ids=pl.col("event_id"),
            messages=message.head(settings.max_messages),
        )
        .select(
            *PAGE_KEY,
            "error_ids",
            "messages",
            *(pl.col("click").struct.field(name) for name in ("timestamp", "url")),
            pl.col("click").struct.field("target_selector"),
            x=pl.col("click").struct.field("click_x"),
            y=pl.col("click").struct.field("click_y"),
            related_event_ids=pl.concat_list("click_id", "error_ids"),
        )
    )
