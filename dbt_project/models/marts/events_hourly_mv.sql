{#- One row per project, UTC hour, event type and page. Exact under duplicates and late events. -#}
{{ config(
    grain='day',
    day='toDate(hour)',
    order_by='(project_id, hour, event_type, path)',
    partition_by='toYYYYMM(hour)',
) }}

select
    project_id,
    toStartOfHour(timestamp) as hour,
    event_type,
    path,
    count() as event_count,
    uniqExact(session_id) as session_count,
    uniqExactIf(user_id, user_id != '') as user_count
from {{ ref('events') }}
where not is_excluded and {{ in_planned_days('event_date') }}
group by all
