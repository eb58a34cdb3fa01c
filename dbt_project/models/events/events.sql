{#- One row per accepted event (replay payloads apart) of the planned sessions, typed, deduplicated and
    attributed to its page. The only reader of raw. -#}
{{ config(
    pre_hook="{{ delete_planned_sessions() }}",
    order_by='(project_id, session_id, timestamp, event_id)',
    partition_by='toYYYYMM(event_date)',
    settings={'index_granularity': 8192},
    indexes=[
        {'name': 'idx_event_type', 'definition': '(event_type) TYPE set(100) GRANULARITY 4'},
        {'name': 'idx_path', 'definition': '(path) TYPE bloom_filter(0.01) GRANULARITY 4'},
        {'name': 'idx_country', 'definition': '(country) TYPE set(200) GRANULARITY 4'},
    ],
) }}

with landed as (
    select
        *,
        path as sent_path,
        {{ clean_path("path") }} as cleaned_path,
        {{ without_ids("if(cleaned_path != '', cleaned_path, " ~ url_path("url") ~ ")") }} as own_path,
        {{ event_order() }} as position
    from {{ source('raw', 'events') }} final
    where {{ in_planned_sessions() }} and {{ not_on_closed_day('toDate(timestamp)') }}
),

-- The page views of each session in order: what an event without a path is attributed by.
page_views as (
    select
        project_id,
        session_id,
        arraySort(groupArray((position, own_path, event_id))) as views
    from landed
    where event_type = 'page_view' and own_path != ''
    group by project_id, session_id
),

attributed as (
    select
        landed.*,
        page_views.views as session_views,
        if(
            own_path != '',
            own_path,
            arrayLast(view -> view.1 <= position, session_views).2
        ) as page_path,
        arrayFilter(view -> view.2 = page_path, session_views) as path_views,
        -- The latest view of that path at or before the event, else the first after it.
        if(
            arrayExists(view -> view.1 <= position, path_views),
            arrayLast(view -> view.1 <= position, path_views).3,
            path_views[1].3
        ) as attributed_view_id
    from landed
    left join page_views
        on landed.project_id = page_views.project_id and landed.session_id = page_views.session_id
)

select
    event_id,
    project_id,
    session_id,
    user_id,
    event_type,
    timestamp,
    url,
    page_path as path,
    sent_path as raw_path,
    nullIf(attributed_view_id, toUUID('00000000-0000-0000-0000-000000000000')) as view_id,
    title,
    referrer,
    click_x,
    click_y,
    click_button,
    target_selector,
    target_tag,
    target_text,
    target_id,
    target_href,
    target_classes,
    lower(target_attributes['role']) as target_role,
    lower(target_attributes['type']) as target_input_type,
    {{ is_editable_target() }} as target_is_editable,
    {{ is_interactive_target() }} as target_is_interactive,
    target_top,
    target_left,
    target_width,
    target_height,
    scroll_top,
    if(isNull(scroll_depth), null, toUInt8(greatest(0, least(100, assumeNotNull(scroll_depth))))) as scroll_depth,
    scroll_direction,
    accurateCastOrNull(time_on_page_ms, 'UInt64') as time_on_page_ms,
    error_message,
    error_stack,
    error_type,
    error_filename,
    accurateCastOrNull(lcp, 'UInt32') as lcp,
    accurateCastOrNull(fid, 'UInt32') as fid,
    cls,
    accurateCastOrNull(ttfb, 'UInt32') as ttfb,
    accurateCastOrNull(inp, 'UInt32') as inp,
    accurateCastOrNull(fcp, 'UInt32') as fcp,
    accurateCastOrNull(load_complete, 'UInt32') as load_complete,
    request_type,
    request_method,
    request_url,
    request_status,
    request_duration_ms,
    form_id,
    form_success,
    entry_url,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    move_x,
    move_y,
    move_t,
    custom_name,
    payload,
    user_agent,
    browser,
    browser_version,
    os,
    os_version,
    device_type,
    screen_width,
    screen_height,
    viewport_width,
    viewport_height,
    device_pixel_ratio,
    language,
    timezone,
    ip,
    country,
    country_code,
    region,
    city,
    custom,
    toDate(timestamp) as event_date,
    sdk_version,
    ingested_at
from attributed
