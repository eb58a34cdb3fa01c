{#- One row per session: 100 less its deductions, each of which is named in `issues`. -#}
{{ config(
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(day)',
    query_settings={'output_format_json_escape_forward_slashes': 0},
) }}

with sessions as (
    select * from {{ ref('sessions') }} where {{ in_planned_sessions() }} and not is_excluded
),

evidence as (
    select
        project_id,
        session_id,
        countIf({{ is_interaction() }}) > 0 as has_interaction,
        countIf(event_type in ('xhr_request', 'fetch_request') and not is_aborted) > 0 as has_requests,
        countIf(event_type in ('page_load', 'web_vitals')) > 0 as has_vitals
    from {{ ref('events') }}
    where {{ in_planned_sessions() }}
    group by project_id, session_id
),

-- Signals that could not be judged, in part at least.
not_judged as (
    select project_id, session_id, arraySort(groupUniqArray(toString(insight_type))) as signals
    from (
        {%- for table in ['dead_clicks', 'thrashed_cursors'] %}
        select project_id, session_id, insight_type
        from {{ source('signals', table) }}
        where {{ in_planned_sessions() }} and not {{ is_detection() }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    group by project_id, session_id
),

deductions as (
    select
        project_id,
        session_id,
        sum(deduction) as total,
        arrayMap(
            issue -> issue.3,
            arraySort(groupArray((
                -deduction,
                code,
                toJSONString(CAST(
                    (code, n, weight, deduction, path, selector, insight_ids),
                    'Tuple(code String, count UInt64, weight Int64, deduction Int64, path String, selector String, insight_ids Array(String))'
                ))
            )))
        ) as issues
    from {{ ref('int_sessions_deductions') }}
    group by project_id, session_id
),

scored as (
    select
        project_id,
        session_id,
        user_id,
        session_date as day,
        started_at,
        ended_at,
        has_interaction or has_requests or has_vitals as is_scored,
        toUInt8(100 - least(100, ifNull(total, 0))) as points,
        issues,
        arrayConcat(
            arrayFilter(code -> code != '', [
                if(has_interaction, '', 'interaction'),
                if(has_requests, '', 'api'),
                if(has_vitals, '', 'vitals')
            ]),
            signals
        ) as not_measurable
    from sessions
    left join evidence using (project_id, session_id)
    left join deductions using (project_id, session_id)
    left join not_judged using (project_id, session_id)
)

select
    project_id,
    session_id,
    user_id,
    day,
    started_at,
    ended_at,
    if(is_scored, points, null) as score,
    if(is_scored, toUInt8(100 - points), null) as frustration_score,
    concat('[', arrayStringConcat(issues, ','), ']') as issues,
    toJSONString(not_measurable) as not_measurable,
    if(is_scored, '', 'neither interaction nor performance evidence') as not_scored_reason,
    toLowCardinality('xs-1') as scoring_version
from scored
