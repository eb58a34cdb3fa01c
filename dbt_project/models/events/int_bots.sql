{#- One row per planned session of a bot, with how it gave itself away: `webdriver`, or the pattern of its user agent.
    A view. -#}
{{ config(materialized='view', schema='intermediate') }}

with patterns as (
    select groupArray(pattern) as known from (select pattern from {{ ref('bot_user_agents') }} order by pattern)
),

agents as (
    select distinct
        project_id,
        session_id,
        user_agent,
        JSONExtractString(custom, 'webdriver') = 'true' as is_driven
    from {{ ref('int_cleaned_events') }}
    where user_agent != '' or is_driven
),

found as (
    select
        project_id,
        session_id,
        multiIf(
            is_driven, 'webdriver',
            multiMatchAnyIndex(user_agent, (select known from patterns)) as place > 0, (select known from patterns)[place],
            ''
        ) as reason
    from agents
)

select project_id, session_id, min(reason) as bot_reason
from found
where reason != ''
group by project_id, session_id
