"""Finds slow pages in the load timings of whole sessions."""

import polars as pl

from orchestration.signals.columns import EVENT_ORDER, SESSION_KEY
from orchestration.signals.insights import as_insights
from orchestration.signals.slow_page.schema import (
    DETECTOR_VERSION,
    INSIGHT_TYPE,
    TIMING_TYPES,
    SlowPageSettings,
)

VIEW_KEY = (*SESSION_KEY, "view_id")
DEFAULTS = SlowPageSettings()


def transform(events: pl.LazyFrame, settings: SlowPageSettings = DEFAULTS) -> pl.LazyFrame:
    """One row per page view whose LCP, TTFB or load time is above its limit.

    A view's LCP is the greatest told, its other timings the first. Timings that belong to no page
    view are a view of their own. The row is at the time of the page view.
    """
    return (
        _slow_views(events, settings)
        .join(_page_views(events), on=VIEW_KEY, how="left")
        .with_columns(
            *(
                pl.coalesce(f"viewed_{name}", name).alias(name)
                for name in ("timestamp", "url", "path")
            ),
            x=None,
            y=None,
            target_selector=None,
            # A timing without a page view is its own view, so its id is already the first.
            related_event_ids=pl.concat_list("view_id", "timing_ids").list.unique(
                maintain_order=True
            ),
        )
        .pipe(
            as_insights, INSIGHT_TYPE, DETECTOR_VERSION, pl.struct("lcp", "ttfb", "load_complete")
        )
    )


def _slow_views(events: pl.LazyFrame, settings: SlowPageSettings) -> pl.LazyFrame:
    limits = {
        "lcp": settings.max_lcp_ms,
        "ttfb": settings.max_ttfb_ms,
        "load_complete": settings.max_load_complete_ms,
    }
    return (
        events.filter(pl.col("event_type").is_in(TIMING_TYPES))
        .with_columns(view_id=pl.coalesce("view_id", "event_id"))
        .sort(EVENT_ORDER)
        .group_by(VIEW_KEY, maintain_order=True)
        .agg(
            pl.first("timestamp", "url", "path"),
            pl.col("lcp").max(),
            pl.col("ttfb", "load_complete").drop_nulls().first(),
            timing_ids=pl.col("event_id"),
        )
        .filter(pl.any_horizontal(pl.col(name) > limit for name, limit in limits.items()))
    )


def _page_views(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.filter(pl.col("event_type") == "page_view").select(
        *SESSION_KEY,
        *(pl.col(name).alias(f"viewed_{name}") for name in ("timestamp", "url", "path")),
        view_id="event_id",
    )
