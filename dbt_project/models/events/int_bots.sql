{#- One row per planned session of a bot, with how it gave itself away: `webdriver`, or the pattern of its user agent.
    The first user agent of a session is its browser's: what is sent while a page is left, or passed on by a server, may
    name another. A view. -#}
{{ config(materialized='view', schema='intermediate') }}

with patterns as (
    select groupArray(pattern) as known from (select pattern from {{ ref('bot_user_agents') }} order by pattern)
),

browsers as (
    select
        project_id,
        session_id,
        argMinIf(user_agent, {{ event_order() }}, user_agent != '') as user_agent,
        max(lower(JSONExtractString(custom, 'webdriver')) in ('true', '1')) as is_driven
    from {{ ref('int_landed_events') }}
    group by project_id, session_id
),

found as (
    select
        project_id,
        session_id,
        multiIf(
            is_driven, 'webdriver',
            arrayMax(multiMatchAllIndices(user_agent, (select known from patterns))) as place > 0, (select known from patterns)[place],
            ''
        ) as bot_reason
    from browsers
)

select project_id, session_id, bot_reason
from found
where bot_reason != ''
