{#- One row per session: 100 less its deductions, each of which is named in `issues`. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
    pre_hook="{{ delete_planned_sessions() }}",
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(session_date)',
) }}

with sessions as (
    select * from {{ ref('sessions') }} where {{ in_planned_sessions() }}
),

evidence as (
    select
        project_id,
        session_id,
        countIf({{ is_interaction() }}) > 0 as has_interaction,
        countIf(event_type in ('xhr_request', 'fetch_request')) > 0 as has_requests,
        countIf(event_type in ('page_load', 'web_vitals')) > 0 as has_vitals
    from {{ ref('events') }}
    where {{ in_planned_sessions() }}
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
        sessions.*,
        evidence.has_interaction or evidence.has_requests or evidence.has_vitals as is_scored,
        toUInt8(100 - least(100, ifNull(deductions.total, 0))) as points,
        deductions.issues as issues,
        arrayFilter(code -> code != '', [
            if(evidence.has_interaction, '', 'interaction'),
            if(evidence.has_requests, '', 'api'),
            if(evidence.has_vitals, '', 'vitals')
        ]) as not_measurable
    from sessions
    left join evidence
        on sessions.project_id = evidence.project_id and sessions.session_id = evidence.session_id
    left join deductions
        on sessions.project_id = deductions.project_id and sessions.session_id = deductions.session_id
)

select
    project_id,
    session_id,
    user_id,
    session_date,
    started_at,
    ended_at,
    if(is_scored, points, null) as score,
    if(is_scored, toUInt8(100 - points), null) as frustration_score,
    concat('[', arrayStringConcat(issues, ','), ']') as issues,
    toJSONString(not_measurable) as not_measurable,
    if(is_scored, '', 'neither interaction nor performance evidence') as not_scored_reason,
    'xs-1' as scoring_version
from scored
