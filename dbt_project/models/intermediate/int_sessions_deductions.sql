{#- One row per session and code: what takes points off the session's experience score (xs-1). A view.
    A problem met n times takes floor(w * (1 - 0.6^n) / 0.4 + 0.5) points: repeats count for less. -#}
with weights as (
    select code, weight from {{ ref('experience_score_weights') }}
),

insights as (
    select * from {{ ref('insights') }} where {{ in_planned_sessions() }}
),

requests as (
    select * from {{ ref('int_requests') }} where {{ in_planned_sessions() }}
),

events as (
    select * from {{ ref('events') }} where {{ in_planned_sessions() }} and not is_excluded
),

errors_of_clicks as (
    select project_id, session_id, arrayJoin(arrayPopFront(related_event_ids)) as error_id
    from insights
    where insight_type = 'error_click'
),

-- Every single problem: where it was, and the insight it is (if it is one).
problems as (
    select
        project_id,
        session_id,
        if(insight_type = 'dead_click', concat('dead_click_', JSONExtractString(details, 'grade')), insight_type) as code,
        timestamp,
        path,
        ifNull(target_selector, '') as selector,
        toString(insight_id) as problem_id,
        true as is_insight
    from insights
    where charged

    union all

    select project_id, session_id, if(is_failed, 'api_5xx', 'api_4xx'), timestamp, path, '', toString(event_id), false
    from requests
    where is_failed or is_client_error

    union all

    select
        project_id,
        session_id,
        if(event_type = 'form_error', 'form_error', 'js_error'),
        timestamp,
        path,
        '',
        toString(event_id),
        false
    from events
    where
        event_type = 'form_error'
        or (
            event_type in ('js_error', 'unhandled_rejection')
            and not is_foreign_error
            and (project_id, session_id, event_id) not in (select project_id, session_id, error_id from errors_of_clicks)
        )
),

repeated as (
    select
        project_id,
        session_id,
        code,
        count() as n,
        argMin((path, selector), (timestamp, problem_id)) as place,
        arrayMap(x -> x.2, arraySort(groupArrayIf((timestamp, problem_id), is_insight))) as insight_ids
    from problems
    group by project_id, session_id, code
),

-- CLS in millionths, for 0.1 as a 32-bit float is more than 0.1.
vitals as (
    select
        project_id,
        session_id,
        vital.1 as code,
        quantileExactInclusive(0.75)(assumeNotNull(vital.2)) / if(code = 'cls', 1e6, 1) as p75
    from {{ ref('int_views') }}
    array join [('lcp', toFloat64(lcp)), ('inp', toFloat64(inp)), ('cls', round(toFloat64(cls) * 1e6))] as vital
    where vital.2 is not null and {{ in_planned_sessions() }}
    group by project_id, session_id, code
),

slow_api as (
    select
        project_id,
        session_id,
        count() as n,
        toInt64(countIf(is_satisfied)) as satisfied,
        toInt64(countIf(is_tolerating)) as tolerating
    from requests
    where is_measured
    group by project_id, session_id
    having n >= {{ setting('slow_api_min_requests') }}
),

ended as (
    select project_id, session_id, max(timestamp) as ended_at from events group by project_id, session_id
),

last_bad as (
    select project_id, session_id, argMax((path, selector), (timestamp, problem_id)) as place
    from problems
    inner join ended using (project_id, session_id)
    where
        (code in ('rage_click', 'error_click', 'api_5xx') or startsWith(code, 'dead_click'))
        and timestamp > ended_at - toIntervalMillisecond({{ setting('last_bad_window_ms') }})
    group by project_id, session_id
)

select
    project_id,
    session_id,
    code,
    n,
    {{ weight_setting() }} as weight,
    toInt64(floor(weight * (1 - pow(0.6, n)) / 0.4 + 0.5)) as deduction,
    place.1 as path,
    place.2 as selector,
    insight_ids
from repeated
inner join weights using (code)

union all

select
    project_id, session_id, concat('vitals_', code), 1,
    toInt64(multiIf(p75 <= good_max, 0, p75 <= needs_improvement_max, 2, 5)) as weight, weight, '', '', []
from vitals
inner join {{ ref('web_vitals_thresholds') }} as thresholds on vitals.code = thresholds.vital
where p75 > good_max

union all

select
    project_id, session_id, 'slow_api', n, 15,
    intDiv(15 * (2 * toInt64(n) - 2 * satisfied - tolerating) + toInt64(n), 2 * toInt64(n)) as deduction, '', '', []
from slow_api
where deduction > 0

union all

select project_id, session_id, 'last_bad', 1, 5, 5, place.1, place.2, [] from last_bad
