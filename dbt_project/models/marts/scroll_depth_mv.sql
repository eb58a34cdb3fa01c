{#- One row per project, page and UTC day: how far down people came. A session counts once a page and day. -#}
{{ config(
    grain='day',
    day='date',
    order_by='(project_id, path, date)',
    partition_by='toYYYYMM(date)',
) }}

with depths as (
    select project_id, session_id, path, event_date as date, max(scroll_depth) as depth
    from {{ ref('events') }}
    where event_type = 'page_exit' and not is_excluded and scroll_depth is not null and {{ in_planned_days('event_date') }}
    group by all
)

select
    project_id,
    path,
    date,
    countIf(depth >= 25) as reached_25,
    countIf(depth >= 50) as reached_50,
    countIf(depth >= 75) as reached_75,
    countIf(depth >= 90) as reached_90,
    countIf(depth >= 100) as reached_100,
    count() as total_sessions
from depths
group by all
