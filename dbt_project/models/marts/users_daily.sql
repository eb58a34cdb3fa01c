{#- One row per project and UTC day: who was there. Exact for that day; do not sum over days. -#}
{{ config(
    pre_hook="{{ delete_planned_days('day') }}",
    order_by='(project_id, day)',
    partition_by='toYYYYMM(day)',
) }}

with active as (
    select distinct project_id, session_id, event_date as day
    from {{ ref('events') }}
    where {{ in_planned_days('event_date') }}
)

select
    project_id,
    day,
    uniqExactIf(sessions.user_id, sessions.user_id != '') as user_count,
    countIf(sessions.user_id = '') as anonymous_session_count,
    user_count + anonymous_session_count as visitor_count,
    count() as session_count
from active
inner join {{ ref('sessions') }} as sessions using (project_id, session_id)
group by project_id, day
