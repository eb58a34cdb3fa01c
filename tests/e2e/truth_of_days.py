"""What each day must sum up to: planned sums beside the query of what the marts have."""

import polars as pl

from tests.e2e.truth_file import day, exploded
from tests.e2e.truth_of_sessions import MS, Check

APDEX_MS = 500


def hours(truth: pl.LazyFrame) -> pl.LazyFrame:
    return (
        exploded(truth, "hours")
        .with_columns(day=day("hour"))
        .group_by("day", "hour", "path", "type")
        .agg(pl.col("events").sum(), sessions=pl.len())
    )


HOURS = f"""
SELECT toDate(hour), {MS}(toDateTime64(hour, 3)), path, event_type, event_count, session_count
FROM gosight.events_hourly_mv WHERE {{rows}}"""


def daily_sessions(truth: pl.LazyFrame) -> pl.LazyFrame:
    user = pl.when(pl.col("user_id") != "").then("user_id")
    return (
        truth.filter(pl.col("bot") == "")
        .with_columns(day=day("started_at"))
        .group_by("day", "device_type")
        .agg(
            pl.len(),
            user.n_unique() - user.is_null().any(),
            pl.col("duration_ms").filter(~pl.col("is_overlong")).sum(),
            pl.col("page_count", "event_count").sum(),
            *((pl.col(name) > 0).sum() for name in ("error_count", "rage_clicks")),
            pl.col("is_bounce", "is_overlong").sum(),
        )
    )


DAILY_SESSIONS = """
SELECT day, device_type, sum(session_count), sum(user_count), sum(total_duration_ms),
       sum(total_pages), sum(total_events), sum(error_sessions), sum(rage_click_sessions),
       sum(bounce_sessions), sum(overlong_sessions)
FROM gosight.sessions_daily_mv WHERE {rows} GROUP BY ALL"""


def daily_users(truth: pl.LazyFrame) -> pl.LazyFrame:
    there = (
        exploded(truth, "hours")
        .select("session_id", day=day("hour"))
        .unique()
        .join(truth.select("session_id", "user_id"), on="session_id")
    )
    user = pl.when(pl.col("user_id") != "").then("user_id")
    known = user.n_unique() - user.is_null().any()
    anonymous = (pl.col("user_id") == "").sum()
    return there.group_by("day").agg(
        users=known, anonymous=anonymous, visitors=known + anonymous, sessions=pl.len()
    )


DAILY_USERS = """
SELECT day, user_count, anonymous_session_count, visitor_count, session_count
FROM gosight.users_daily WHERE {rows}"""


def edges(truth: pl.LazyFrame) -> pl.LazyFrame:
    following = pl.col("path").shift(-1, fill_value="").over("session_id")
    steps = exploded(truth, "steps").with_columns(day=day("at"), to_path=following)
    is_first = pl.int_range(pl.len()).over("session_id") == 0
    entries = steps.filter(is_first).select(
        "session_id", "day", pl.lit("").alias("from_path"), to_path="path", dwell_ms=pl.lit(0)
    )
    moves = steps.select("session_id", "day", "to_path", "dwell_ms", from_path="path").select(
        "session_id", "day", "from_path", "to_path", "dwell_ms"
    )
    return (
        pl.concat([entries.with_columns(pl.col("dwell_ms").cast(pl.Int64)), moves])
        .group_by("day", "from_path", "to_path")
        .agg(pl.len(), pl.col("session_id").n_unique(), pl.col("dwell_ms").sum())
    )


EDGES = """
SELECT day, from_path, to_path, transition_count, session_count, total_dwell_ms
FROM gosight.journey_edges WHERE {rows}"""


def latency(truth: pl.LazyFrame) -> pl.LazyFrame:
    took = pl.col("duration_ms")
    told = ~pl.col("is_aborted")
    failed = told & ((pl.col("status") == 0) | (pl.col("status") >= 500))
    measured = told & (failed | took.is_not_null())
    satisfied = told & ~failed & (took <= APDEX_MS)
    tolerating = told & ~failed & (took > APDEX_MS) & (took <= 4 * APDEX_MS)
    apdex = (satisfied.sum() + tolerating.sum() / 2) / measured.sum()
    return (
        exploded(truth, "calls")
        .with_columns(day=day("at"))
        .group_by("day", "method", "endpoint")
        .agg(
            *(pl.len(), failed.sum().alias("failed"), satisfied.sum().alias("satisfied")),
            tolerating.sum().alias("tolerating"),
            *(
                (failed.sum() / told.sum()).round(6).alias("error_rate"),
                apdex.round(6).alias("apdex"),
            ),
            *(
                took.filter(told).quantile(share, "linear").round(6).alias(f"p{share}")
                for share in (0.5, 0.75, 0.95, 0.99)
            ),
        )
    )


LATENCY = """
SELECT day, method, path(endpoint), request_count, error_count, satisfied_count, tolerating_count,
       round(error_rate, 6), round(apdex, 6),
       round(p50_ms, 6), round(p75_ms, 6), round(p95_ms, 6), round(p99_ms, 6)
FROM gosight.latency_daily WHERE {rows}"""


def page_times(truth: pl.LazyFrame) -> pl.LazyFrame:
    spent = pl.col("time_on_page_ms")
    return (
        exploded(truth, "views")
        .filter(spent > 0)
        .with_columns(day=day("at"))
        .group_by("day", "path")
        .agg(
            *(pl.len(), spent.sum().alias("sum"), spent.max().alias("max")),
            *(spent.min().alias("min"), spent.mean().round(6).alias("mean")),
            *(spent.quantile(at, "linear").round(6).alias(f"p{at}") for at in (0.5, 0.75)),
        )
    )


PAGE_TIMES = """
SELECT date, path, sum(view_count), sumMerge(total_time_on_page), maxMerge(max_time_on_page),
       minMerge(min_time_on_page), round(avgMerge(avg_time_on_page), 6),
       round(quantileExactInclusiveMerge(0.5)(median_time_on_page), 6),
       round(quantileExactInclusiveMerge(0.75)(p75_time_on_page), 6)
FROM gosight.page_time_mv WHERE {rows} GROUP BY ALL"""


def page_loads(truth: pl.LazyFrame) -> pl.LazyFrame:
    lcp = pl.col("lcp")
    vitals = ("lcp", "inp", "fid", "ttfb", "cls_thousandths")
    return (
        exploded(truth, "views")
        .filter(pl.any_horizontal(pl.col(name).is_not_null() for name in vitals))
        .with_columns(day=day("at"))
        .group_by("day", "path")
        .agg(
            *(pl.len(), lcp.mean().round(6)),
            *(lcp.quantile(at, "linear").round(6).alias(f"p{at}") for at in (0.75, 0.95)),
            pl.col("inp").quantile(0.75, "linear").round(6),
            # A little more, so that a half is rounded up on both sides.
            (pl.col("cls_thousandths").mean() / 1000 + 1e-9).round(5),
        )
    )


PAGE_LOADS = """
SELECT day, path, sum(view_count), round(avgMerge(avg_lcp), 6),
       round(quantileExactInclusiveMerge(0.75)(p75_lcp), 6),
       round(quantileExactInclusiveMerge(0.95)(p95_lcp), 6),
       if(isNaN(quantileExactInclusiveMerge(0.75)(p75_inp) AS inp), null, round(inp, 6)),
       round(avgMerge(avg_cls) + 1e-9, 5)
FROM gosight.page_performance_mv WHERE {rows} GROUP BY ALL"""


def depths(truth: pl.LazyFrame) -> pl.LazyFrame:
    reached = [
        (pl.col("exit_depth") >= depth).sum().alias(f"reached_{depth}")
        for depth in (25, 50, 75, 90, 100)
    ]
    return (
        exploded(truth, "views")
        .filter(pl.col("exit_at").is_not_null())
        .group_by("session_id", "path", day=day("exit_at"))
        .agg(pl.col("exit_depth").max())
        .group_by("day", "path")
        .agg(*reached, pl.len())
    )


DEPTHS = """
SELECT date, path, reached_25, reached_50, reached_75, reached_90, reached_100, total_sessions
FROM gosight.scroll_depth_mv WHERE {rows}"""


def errors(truth: pl.LazyFrame) -> pl.LazyFrame:
    kinds = ("js_error", "unhandled_rejection", "resource_error", "console_error")
    return (
        exploded(truth, "hours")
        .filter(pl.col("type").is_in(kinds))
        .group_by("type", day=day("hour"))
        .agg(pl.col("events").sum())
        .select("day", "type", "events")
    )


ERRORS = """
SELECT day, event_type, sum(error_count) FROM gosight.errors_grouped WHERE {rows} GROUP BY ALL"""


def clicks(truth: pl.LazyFrame) -> pl.LazyFrame:
    return (
        exploded(truth, "clicked")
        .group_by("path", "selector")
        .agg(pl.col("clicks").sum(), again=pl.col("clicks").sum())
    )


HEATMAPS = """
SELECT path, target_selector, sum(cells.click_count), sum(spots.click_count)
FROM (SELECT path, target_selector, sum(click_count) AS click_count
      FROM gosight.click_heatmap_mv WHERE {rows} GROUP BY ALL) AS cells
FULL JOIN (SELECT path, target_selector, sum(click_count) AS click_count
      FROM gosight.click_heatmap_normalised WHERE {rows} GROUP BY ALL) AS spots
USING (path, target_selector) GROUP BY ALL"""


def element_clicks(truth: pl.LazyFrame) -> pl.LazyFrame:
    named = exploded(truth, "clicked").filter(pl.col("selector") != "")
    return named.group_by("path", "selector").agg(pl.col("clicks").sum())


ELEMENT_CLICKS = """
SELECT path, target_selector, sum(click_count)
FROM gosight.element_clicks_mv WHERE {rows} GROUP BY ALL"""

CHECKS = (
    Check("hours", hours, HOURS, part="toDate(hour)"),
    Check("sessions by day", daily_sessions, DAILY_SESSIONS, part="day"),
    Check("users by day", daily_users, DAILY_USERS, part="day"),
    Check("journey edges", edges, EDGES, part="day"),
    Check("latency", latency, LATENCY, part="day"),
    Check("time on page", page_times, PAGE_TIMES, part="date"),
    Check("page performance", page_loads, PAGE_LOADS, part="day"),
    Check("scroll depth", depths, DEPTHS, part="date"),
    Check("errors by day", errors, ERRORS, part="day"),
    Check("heatmaps", clicks, HEATMAPS, part="path"),
    Check("clicks on elements", element_clicks, ELEMENT_CLICKS, part="path"),
)
