{#- One row per session. -#}
{{ config(
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(session_date)',
) }}

with events as (
    select
        *,
        if(page_count > 0, first_view, first_place) as entry,
        if(page_count > 0, last_view, last_place) as exit,
        -- A router may have redirected before the first view: then the URL the session started with has them.
        if({{ has_campaign('entry.1') }}, entry.1, started_url) as campaign_url
    from {{ ref('int_sessions_events') }}
),

engaged as (
    select * from {{ ref('int_sessions_engaged') }}
),

charged as (
    select
        project_id,
        session_id,
        countIf(insight_type = 'rage_click') as rage_clicks,
        countIf(insight_type = 'dead_click') as dead_clicks,
        countIf(insight_type = 'error_click') as error_clicks
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
    engaged_ms,
    entry.1 as entry_url,
    entry.2 as entry_path,
    exit.1 as exit_url,
    exit.2 as exit_path,
    toUInt32(page_count) as page_count,
    toUInt32(event_count) as event_count,
    toUInt32(click_count) as click_count,
    toUInt32(error_count) as error_count,
    max_scroll_depth,
    toUInt32(rage_clicks) as rage_click_count,
    toUInt32(dead_clicks) as dead_click_count,
    toUInt32(error_clicks) as error_click_count,
    toUInt8(error_count > 0) as has_error,
    toUInt8(rage_clicks > 0) as has_rage_click,
    toUInt8(dead_clicks > 0) as has_dead_click,
    toUInt8(page_count = 1) as is_bounce,
    {%- for name in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}
    if(
        started_utm != ('', '', '', '', ''),
        started_utm.{{ loop.index }},
        {{ query_parameter('campaign_url', name) }}
    ) as {{ name }},
    {%- endfor %}
    referrer,
    toLowCardinality(device.1) as browser,
    device.2 as browser_version,
    toLowCardinality(device.3) as os,
    device.4 as os_version,
    toLowCardinality(device.5) as device_type,
    device.6 as user_agent,
    toLowCardinality(device.7) as language,
    device.8 as screen_width,
    device.9 as screen_height,
    device.10 as viewport_width,
    device.11 as viewport_height,
    geo.1 as ip,
    toLowCardinality(geo.2) as country,
    toLowCardinality(geo.3) as country_code,
    geo.4 as region,
    geo.5 as city,
    app_version,
    toDate(started_at) as session_date
from events
left join engaged using (project_id, session_id)
left join charged using (project_id, session_id)
