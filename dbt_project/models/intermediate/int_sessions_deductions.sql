{#- One row per session and code: what takes points off the session's experience score (xs-1). A view.
    A problem met n times takes floor(w * (1 - 0.6^n) / 0.4 + 0.5) points: repeats count for less. -#}
with insights as (
    select * from {{ ref('insights') }} where {{ in_planned_sessions() }}
),

events as (
    select * from {{ ref('events') }} where {{ in_planned_sessions() }} and not is_excluded
),

errors_of_clicks as (
    select project_id, session_id, arrayJoin(arrayPopFront(related_event_ids)) as error_id
    from insights
    where insight_type = 'error_click'
),

-- Every single problem: where it was, and the insight it is (if it is one). Beside them, to read all of it once:
-- each measured request as `slow_api`, with its halves of Apdex, and the end of the session as `last_bad`.
met as (
    select
        project_id,
        session_id,
        if(insight_type = 'dead_click', concat('dead_click_', JSONExtractString(details, 'grade')), insight_type) as code,
        timestamp,
        path,
        ifNull(target_selector, '') as selector,
        toString(insight_id) as problem_id,
        true as is_insight,
        0 as halves
    from insights
    where charged

    union all

    select
        project_id,
        session_id,
        arrayJoin(arrayFilter(code -> code != '', [
            multiIf(is_failed, 'api_5xx', is_client_error, 'api_4xx', ''), if(is_measured, 'slow_api', '')
        ])),
        timestamp,
        path,
        '',
        toString(event_id),
        false,
        2 * is_satisfied + is_tolerating
    from {{ ref('int_requests') }}
    where {{ in_planned_sessions() }}

    union all

    select
        project_id,
        session_id,
        if(event_type = 'form_error', 'form_error', 'js_error'),
        timestamp,
        path,
        '',
        toString(event_id),
        false,
        0
    from events
    where
        event_type = 'form_error'
        or (
            event_type in ('js_error', 'unhandled_rejection')
            and not is_foreign_error
            and (project_id, session_id, event_id) not in (select project_id, session_id, error_id from errors_of_clicks)
        )

    union all

    select project_id, session_id, 'last_bad', max(timestamp), '', '', '', false, 0
    from events
    group by project_id, session_id
),

repeated as (
    select
        project_id,
        session_id,
        code,
        count() as n,
        argMin((path, selector), (timestamp, problem_id)) as first_place,
        max((timestamp, problem_id, path, selector)) as latest,
        arrayMap(x -> x.2, arraySort(groupArrayIf((timestamp, problem_id), is_insight))) as insight_ids,
        toInt64(sum(halves)) as halves
    from met
    group by project_id, session_id, code
),

judged as (
    select
        *,
        code in ('rage_click', 'error_click', 'api_5xx') or startsWith(code, 'dead_click') as is_bad,
        maxIf(latest, is_bad) over (partition by project_id, session_id) as latest_bad,
        multiIf(code = 'slow_api', ('', ''), code = 'last_bad', (latest_bad.3, latest_bad.4), first_place) as place
    from repeated
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
)

select
    project_id,
    session_id,
    code,
    n,
    multiIf(code = 'slow_api', 15, code = 'last_bad', 5, {{ weight_setting() }}) as weight,
    multiIf(
        code = 'slow_api', intDiv(15 * (2 * toInt64(n) - halves) + toInt64(n), 2 * toInt64(n)),
        code = 'last_bad', 5,
        toInt64(floor(weight * (1 - pow(0.6, n)) / 0.4 + 0.5))
    ) as deduction,
    place.1 as path,
    place.2 as selector,
    insight_ids
from judged
left join (select code, weight, true as is_weighed from {{ ref('experience_score_weights') }}) as weights using (code)
where multiIf(
    code = 'slow_api', n >= {{ setting('slow_api_min_requests') }} and deduction > 0,
    code = 'last_bad', latest_bad.1 > latest.1 - toIntervalMillisecond({{ setting('last_bad_window_ms') }}),
    is_weighed
)

union all

select
    project_id, session_id, concat('vitals_', code), 1,
    toInt64(multiIf(p75 <= good_max, 0, p75 <= needs_improvement_max, 2, 5)) as weight, weight, '', '', []
from vitals
inner join {{ ref('web_vitals_thresholds') }} as thresholds on vitals.code = thresholds.vital
where p75 > good_max
