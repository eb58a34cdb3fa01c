{#- Clicks in sessions = clicks in the heatmap + clicks without a position, for the planned days: of a session
    that was there on other days too, the clicks of those days are taken from the events. -#}
{{ config(enabled=target.type == 'clickhouse') }}

with present as (
    select distinct project_id, session_id
    from {{ ref('events') }}
    where not is_excluded and {{ in_planned_days('event_date') }}
),

counted as (
    select project_id, toInt64(sum(click_count)) as difference
    from {{ ref('sessions') }}
    where (project_id, session_id) in (select project_id, session_id from present)
    group by project_id

    union all

    select project_id, -toInt64(sum(click_count))
    from {{ ref('click_heatmap_mv') }}
    where {{ in_planned_days('date') }}
    group by project_id

    union all

    select project_id, -toInt64(count())
    from {{ ref('events') }}
    where
        event_type = 'click'
        and not is_excluded
        and (click_x is null or click_y is null or not {{ in_planned_days('event_date') }})
        and (project_id, session_id) in (select project_id, session_id from present)
    group by project_id
)

select project_id
from counted
group by project_id
having sum(difference) != 0
