{#- One row per project and UTC day: who was there. Exact for that day; do not sum over days.
    Users are told by their events, for one may sign out and another in without a new session; a session's events of
    a day that name nobody are its user's. -#}
{{ config(
    grain='day',
    order_by='(project_id, day)',
    partition_by='toYYYYMM(day)',
) }}

with active as (
    select project_id, session_id, event_date as day, groupUniqArrayIf(user_id, user_id != '') as named
    from {{ ref('events') }}
    where not is_excluded and {{ in_planned_days('event_date') }}
    group by project_id, session_id, day
),

present as (
    select
        active.project_id,
        active.day,
        if(empty(named) and sessions.user_id != '', [sessions.user_id], named) as users
    from active
    inner join {{ ref('sessions') }} as sessions using (project_id, session_id)
)

select
    project_id,
    day,
    uniqExactArray(users) as user_count,
    countIf(empty(users)) as anonymous_session_count,
    user_count + anonymous_session_count as visitor_count,
    count() as session_count,
    {{ setting('time_zone') }} as time_zone
from present
group by project_id, day
