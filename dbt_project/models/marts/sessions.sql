{#- One row per session. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    on_schema_change='append_new_columns',
    pre_hook="{{ delete_planned_sessions() }}",
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(session_date)',
) }}

with events as (
    select
        *,
        if(page_count > 0, first_view, first_place) as entry,
        if(page_count > 0, last_view, last_place) as exit,
        if(entry.1 != '', entry.1, started_url) as landing_url
    from {{ ref('int_sessions_events') }}
),

engaged as (
    select * from {{ ref('int_sessions_engaged') }}
),

charged as (
    select
        project_id,
        session_id,
        countIf(insight_type = 'rage_click') as rage_click_count,
        countIf(insight_type = 'dead_click') as dead_click_count,
        countIf(insight_type = 'error_click') as error_click_count
    from {{ ref('insights') }}
    where charged and {{ in_planned_sessions() }}
    group by project_id, session_id
)

select
    session_id,
    project_id,
    user_id,
    started_at,
    ended_at,
    toUInt64(dateDiff('millisecond', started_at, ended_at)) as duration_ms,
    engaged.engaged_ms as engaged_ms,
    entry.1 as entry_url,
    entry.2 as entry_path,
    exit.1 as exit_url,
    exit.2 as exit_path,
    toUInt32(page_count) as page_count,
    toUInt32(event_count) as event_count,
    toUInt32(click_count) as click_count,
    toUInt32(error_count) as error_count,
    max_scroll_depth,
    toUInt32(charged.rage_click_count) as rage_click_count,
    toUInt32(charged.dead_click_count) as dead_click_count,
    toUInt32(charged.error_click_count) as error_click_count,
    toUInt8(error_count > 0) as has_error,
    toUInt8(charged.rage_click_count > 0) as has_rage_click,
    toUInt8(charged.dead_click_count > 0) as has_dead_click,
    toUInt8(page_count = 1) as is_bounce,
    {%- for name in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}
    if(
        started_utm != ('', '', '', '', ''),
        started_utm.{{ loop.index }},
        decodeURLFormComponent(extractURLParameter(landing_url, '{{ name }}'))
    ) as {{ name }},
    {%- endfor %}
    referrer,
    device.1 as browser,
    device.2 as browser_version,
    device.3 as os,
    device.4 as os_version,
    device.5 as device_type,
    device.6 as user_agent,
    device.7 as language,
    device.8 as screen_width,
    device.9 as screen_height,
    device.10 as viewport_width,
    device.11 as viewport_height,
    geo.1 as ip,
    geo.2 as country,
    geo.3 as country_code,
    geo.4 as region,
    geo.5 as city,
    app_version,
    toDate(started_at) as session_date
from events
left join engaged on events.project_id = engaged.project_id and events.session_id = engaged.session_id
left join charged on events.project_id = charged.project_id and events.session_id = charged.session_id
