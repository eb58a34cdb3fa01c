"""What each session must be: planned rows beside the query of what the marts have."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from simulate.truth import EVENT_TYPES
from tests.e2e.truth_file import exploded

MS = "toUnixTimestamp64Milli"
ID = "toString(session_id) AS session_id"
JUDGED_BY_CLICK = ("rage_click", "dead_click", "error_click")


@dataclass(frozen=True)
class Check:
    """Rows that must be equal as multisets, duplicates and all.

    `found`: SQL with the columns of `planned` in their order, and `{rows}` where those of a part
    are chosen. `part`: what parts are cut by, the first column of `planned`, as the queried table
    has it.
    """

    name: str
    planned: Callable[[pl.LazyFrame], pl.LazyFrame]
    found: str
    part: str = "toString(session_id)"


def sessions(truth: pl.LazyFrame) -> pl.LazyFrame:
    utm = [
        pl.col("utm").struct.field(name).fill_null("").alias(name)
        for name in ("utm_source", "utm_medium", "utm_campaign")
    ]
    flags = [
        (pl.col(count) > 0).alias(name)
        for name, count in (
            ("has_error", "error_count"),
            ("has_rage_click", "rage_clicks"),
            ("has_dead_click", "dead_clicks"),
        )
    ]
    return truth.select(
        *("session_id", "user_id", "started_at", "ended_at", "duration_ms", "page_count"),
        *("event_count", "click_count", "error_count", "entry_path", "exit_path", "is_bounce"),
        *("max_scroll_depth", "device_type", "rage_clicks", "dead_clicks", "error_clicks"),
        *utm,
        *flags,
    )


SESSIONS = f"""
SELECT {ID}, user_id, {MS}(started_at), {MS}(ended_at), duration_ms, page_count,
       event_count, click_count, error_count, entry_path, exit_path, toBool(is_bounce),
       max_scroll_depth, device_type, rage_click_count, dead_click_count, error_click_count,
       utm_source, utm_medium, utm_campaign,
       toBool(has_error), toBool(has_rage_click), toBool(has_dead_click)
FROM gosight.sessions WHERE {{rows}}"""


def event_types(truth: pl.LazyFrame) -> pl.LazyFrame:
    counted = truth.select("session_id", "events").unnest("events")
    return counted.unpivot(
        list(EVENT_TYPES.values()), index="session_id", variable_name="type", value_name="events"
    ).filter(pl.col("events") > 0)


EVENT_TYPE_COUNTS = f"""
SELECT {ID}, event_type, count() FROM gosight.events
WHERE {{rows}} AND NOT is_doubled GROUP BY ALL"""


def dirt(truth: pl.LazyFrame) -> pl.LazyFrame:
    told = ("channel", "referrer_domain", "bot", "is_overlong", "doubled", "implausible")
    return truth.select("session_id", *told)


DIRT = f"""
SELECT {ID}, any(s.channel), any(s.referrer_domain),
       any(if(s.bot_reason IN ('', 'webdriver'), toString(s.bot_reason), 'user_agent')),
       any(s.is_overlong), countIf(e.is_doubled), sum(e.implausible)
FROM gosight.events AS e
INNER JOIN gosight.sessions AS s USING (project_id, session_id)
WHERE {{rows}} GROUP BY session_id"""


def insights(truth: pl.LazyFrame) -> pl.LazyFrame:
    grade = pl.when(pl.col("kind") == "dead_click").then(pl.lit("inferred")).otherwise(pl.lit(""))
    rows = exploded(truth, "insights").with_columns(grade=pl.coalesce("grade", grade))
    return rows.select("session_id", "kind", "at", "path", "selector", "count", "charged", "grade")


INSIGHTS = f"""
SELECT {ID}, insight_type, {MS}(timestamp), path,
       if(insight_type IN {JUDGED_BY_CLICK}, ifNull(target_selector, ''), ''),
       multiIf(insight_type = 'rage_click', JSONExtractUInt(details, 'click_count'),
               insight_type = 'error_click', JSONLength(details, 'error_ids'), toUInt64(1)),
       charged, JSONExtractString(details, 'grade')
FROM gosight.insights WHERE {{rows}}"""


def journeys(truth: pl.LazyFrame) -> pl.LazyFrame:
    steps = truth.select("session_id", path="journey").explode("path", empty_as_null=False)
    return steps.with_columns(step=pl.int_range(1, pl.len() + 1).over("session_id")).select(
        "session_id", "step", "path"
    )


JOURNEYS = f"SELECT {ID}, step, path FROM gosight.journeys WHERE {{rows}}"


def steps(truth: pl.LazyFrame) -> pl.LazyFrame:
    following = pl.col("path").shift(-1, fill_value="").over("session_id")
    return exploded(truth, "steps").with_columns(next_path=following)


STEPS = f"""
SELECT {ID}, path, {MS}(started_at), dwell_ms, run_length, next_path
FROM gosight.journeys WHERE {{rows}}"""

VIEW_COLUMNS = (
    *("path", "at", "clicks", "errors", "depth", "time_on_page_ms"),
    *("lcp", "fid", "inp", "fcp", "ttfb", "load_complete", "cls_thousandths"),
)


def views(truth: pl.LazyFrame) -> pl.LazyFrame:
    return exploded(truth, "views").select("session_id", *VIEW_COLUMNS)


VIEWS = f"""
SELECT {ID}, path, {MS}(viewed_at), click_count, error_count, max_scroll_depth, time_on_page_ms,
       lcp, fid, inp, fcp, ttfb, load_complete, toInt64(round(cls * 1000))
FROM gosight.page_views WHERE {{rows}}"""


def engaged(truth: pl.LazyFrame) -> pl.LazyFrame:
    return truth.select("session_id", "engaged_ms")


ENGAGED = f"SELECT {ID}, engaged_ms FROM gosight.sessions WHERE {{rows}}"


def scores(truth: pl.LazyFrame) -> pl.LazyFrame:
    people = truth.filter(pl.col("bot") == "")
    return people.select("session_id", "score", frustration_score=100 - pl.col("score"))


SCORES = f"SELECT {ID}, score, frustration_score FROM gosight.experience_scores WHERE {{rows}}"


def deductions(truth: pl.LazyFrame) -> pl.LazyFrame:
    return exploded(truth, "deductions")


DEDUCTIONS = f"""
SELECT {ID}, issue.1, issue.2 FROM gosight.experience_scores
ARRAY JOIN JSONExtract(issues, 'Array(Tuple(code String, deduction Int64))') AS issue
WHERE {{rows}}"""


def states(truth: pl.LazyFrame) -> pl.LazyFrame:
    return truth.filter(pl.col("bot") == "").select("session_id", "state")


STATES = f"SELECT {ID}, state FROM gosight.behaviour_states WHERE {{rows}}"


def recordings(truth: pl.LazyFrame) -> pl.LazyFrame:
    recorded = truth.select("session_id", "recording").filter(pl.col("recording").is_not_null())
    return recorded.unnest("recording")


RECORDINGS = f"""
SELECT {ID}, uniqExact(chunk_index), sum(event_count),
       {MS}(min(timestamp_start)), {MS}(max(timestamp_end))
FROM gosight.replay_chunks WHERE {{rows}} GROUP BY session_id"""


def told(truth: pl.LazyFrame) -> pl.LazyFrame:
    traits = pl.col("traits").struct
    return (
        truth.select("session_id", "told")
        .unnest("told")
        .select(
            *("session_id", "device_id", "is_new_user", "end_reason"),
            "country_code",
            *(traits.field(name).fill_null("").alias(name) for name in ("plan", "email")),
        )
    )


TOLD = f"""
SELECT {ID}, device_id, is_new_user, end_reason,
       JSONExtractString(custom_properties, 'country_code'),
       JSONExtractString(traits, 'plan', 'value'), JSONExtractString(traits, 'email', 'value')
FROM gosight.sessions WHERE {{rows}}"""

CHECKS = (
    Check("sessions", sessions, SESSIONS),
    Check("events by type", event_types, EVENT_TYPE_COUNTS),
    Check("dirt", dirt, DIRT),
    Check("insights", insights, INSIGHTS),
    Check("journeys", journeys, JOURNEYS),
    Check("journey steps", steps, STEPS),
    Check("page views", views, VIEWS),
    Check("engaged time", engaged, ENGAGED),
    Check("experience scores", scores, SCORES),
    Check("deductions", deductions, DEDUCTIONS),
    Check("behaviour states", states, STATES),
    Check("replay", recordings, RECORDINGS),
    Check("what was told", told, TOLD),
)
