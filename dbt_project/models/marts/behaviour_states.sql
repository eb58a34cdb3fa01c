{#- One row per session: which state its events support most (bs-1), unless an outside model said something else of
    it. Points are the support of a rule, not a probability, and say nothing of a person's feelings. -#}
{{ config(
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(day)',
) }}

with sessions as (
    select *
    from {{ ref('sessions') }}
    where
        {{ in_planned_sessions() }}
        and not is_excluded
        and {{ setting('behaviour_states.enabled') }}
),

-- How often each problem was met, as the experience score counts it.
problems as (
    select
        project_id,
        session_id,
        JSONExtract(issues, 'Array(Tuple(code String, count UInt64))') as issue,
        mapFromArrays(issue.code, issue.count) as times
    from {{ ref('experience_scores') }}
    where {{ in_planned_sessions() }}
),

pointed as (
    with {{ setting('engaged_ms_min') }} as engaged_ms_min

    select
        project_id,
        session_id,
        user_id,
        started_at,
        ended_at,
        session_date as day,
        3 * (times['rage_click'] > 0) + 3 * (times['error_click'] > 0) + 2 * (times['dead_click_observed'] >= 2)
        + (times['api_5xx'] > 0) + 2 * (times['last_bad'] > 0) as frustrated,
        2 * (times['u_turn'] > 0) + 2 * (times['form_error'] >= 2) + 2 * is_form_refilled as confused,
        (engaged_ms >= engaged_ms_min) + (engaged_ms >= {{ setting('very_engaged_ms_min') }})
        + (max_scroll_depth >= 50) + (page_count >= 2) + is_form_started as engaged,
        4 * (is_form_sent and frustrated = 0) as satisfied,
        2 * is_bounce + (engaged_ms < engaged_ms_min) as disengaged
    from sessions
    left join problems using (project_id, session_id)
    left join {{ ref('int_sessions_forms') }} as int_sessions_forms using (project_id, session_id)
),

ranked as (
    select
        *,
        [frustrated, confused, engaged, satisfied, disengaged] as points,
        arrayReverseSort(points) as ranks,
        ranks[1] < 2 or ranks[1] = ranks[2] as is_neutral
    from pointed
),

outside as (
    select project_id, session_id, emotion, confidence as certainty, predicted_at as said_at, model_version as model
    from {{ ref('int_outside_predictions') }}
    where {{ setting('outside_predictions.win') }}
)

select
    project_id,
    session_id,
    user_id,
    started_at,
    ended_at,
    day,
    toLowCardinality(if(model != '', emotion, rule_state)) as state,
    if(model != '', certainty, rule_confidence) as confidence,
    if(model != '', said_at, ended_at) as predicted_at,
    toLowCardinality(if(model != '', model, rule_version)) as model_version,
    toLowCardinality(if(
        is_neutral,
        'neutral',
        ['frustrated', 'confused', 'engaged', 'satisfied', 'disengaged'][indexOf(points, ranks[1])]
    )) as rule_state,
    if(is_neutral, 0, least(0.95, ranks[1] / (ranks[1] + ranks[2] + 2))) as rule_confidence,
    toUInt8(frustrated) as frustrated_points,
    toUInt8(confused) as confused_points,
    toUInt8(engaged) as engaged_points,
    toUInt8(satisfied) as satisfied_points,
    toUInt8(disengaged) as disengaged_points,
    toLowCardinality('bs-1') as rule_version
from ranked
left join outside using (project_id, session_id)
