{#- One row per accepted event (replay payloads apart) of the planned sessions, typed, deduplicated and
    attributed to its page. Written in blocks of half the usual size: beside these wide rows they are most of the memory. -#}
{{ config(
    order_by='(project_id, session_id, timestamp, event_id)',
    query_settings={'min_insert_block_size_bytes': 134217728},
    partition_by='toYYYYMM(event_date)',
    indexes=[
        {'name': 'idx_event_type', 'definition': '(event_type) TYPE set(100) GRANULARITY 4'},
        {'name': 'idx_path', 'definition': '(path) TYPE bloom_filter(0.01) GRANULARITY 4'},
        {'name': 'idx_country', 'definition': '(country) TYPE set(200) GRANULARITY 4'},
    ],
) }}

with page_views as (
    select project_id as of_project, session_id as of_session, path as view_path, order_number as since, event_id as viewed_id
    from {{ ref('int_landed_views') }}
    where not is_doubled and {{ in_planned_sessions() }}
),

-- The views of each path; its first holds from the beginning, for what came before any.
path_views as (
    select
        of_project,
        of_session,
        view_path,
        view.1 as since,
        toNullable(view.2) as attributed_view_id
    from (
        select of_project, of_session, view_path, arraySort(groupArray((since, viewed_id))) as views
        from page_views
        group by of_project, of_session, view_path
    ) as views_of_paths
    array join arrayConcat([(toUInt256(0), views[1].2)], views) as view
)

select
    event_id,
    project_id,
    session_id,
    user_id,
    device_id,
    event_type,
    timestamp,
    clock_skew_ms,
    timestamp - toIntervalMillisecond(clock_skew_ms) as device_timestamp,
    url,
    if(own_path != '', own_path, page_views.view_path) as path,
    cleaned.path as raw_path,
    attributed_view_id as view_id,
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
    {{ is_answered_by_browser() }} as target_is_answered_by_browser,
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
    toBool(is_foreign_error) as is_foreign_error,
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
    endpoint,
    toBool((project_id, session_id, event_id) in (
        select project_id, session_id, event_id from {{ ref('int_aborted_requests') }}
    )) as is_aborted,
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
    implausible,
    toBool((project_id, session_id, event_id) in (
        select project_id, session_id, event_id
        from {{ ref('int_landed_views') }}
        where is_doubled and {{ in_planned_sessions() }}
    )) as is_doubled,
    toBool(int_bots.bot_reason != '') as is_bot,
    toLowCardinality(int_bots.bot_reason) as bot_reason,
    toBool(is_doubled or (is_bot and not {{ setting('bots.counted') }})) as is_excluded,
    toDate(timestamp) as event_date,
    sdk_version,
    ingested_at,
    sent_order
from {{ ref('int_cleaned_events') }} as cleaned
left any join {{ ref('int_bots') }} as int_bots using (project_id, session_id)
-- What tells no path is on the page viewed last. Joined row by row: a session may have 10,000 views.
asof left join page_views
    on
        cleaned.project_id = page_views.of_project
        and cleaned.session_id = page_views.of_session
        and cleaned.order_number >= page_views.since
asof left join path_views
    on
        cleaned.project_id = path_views.of_project
        and cleaned.session_id = path_views.of_session
        and if(cleaned.own_path != '', cleaned.own_path, page_views.view_path) = path_views.view_path
        and cleaned.order_number >= path_views.since
