{#- One row per project, UTC day a session started on, country and device type. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, country, device_type)',
    partition_by='toYYYYMM(day)',
) }}

select
    project_id,
    session_date as day,
    country,
    device_type,
    count() as session_count,
    uniqExactIf(user_id, user_id != '') as user_count,
    sumIf(duration_ms, not is_overlong) as total_duration_ms,
    sumIf(engaged_ms, not is_overlong) as total_engaged_ms,
    sum(page_count) as total_pages,
    sum(event_count) as total_events,
    countIf(has_error = 1) as error_sessions,
    countIf(has_rage_click = 1) as rage_click_sessions,
    countIf(is_bounce = 1) as bounce_sessions,
    countIf(is_overlong) as overlong_sessions
from {{ ref('sessions') }}
where not is_excluded and {{ in_planned_days('session_date') }}
group by all
