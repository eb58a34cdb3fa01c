{#- Events of a day's hours = events of that day, on the days of the plan. -#}
{{ config(enabled=target.type == 'clickhouse') }}

with counted as (
    select project_id, toDate(hour) as day, toInt64(event_count) as difference
    from {{ ref('events_hourly_mv') }}
    where {{ in_planned_days('toDate(hour)') }}

    union all

    select project_id, event_date, -1
    from {{ ref('events') }}
    where {{ in_planned_days('event_date') }}
)

select project_id, day
from counted
group by project_id, day
having sum(difference) != 0
