{#- One row per event but replay payloads. -#}
select
    project_id,
    event_id as id,
    session_id::text as session_id,
    event_id as source_event_id,
    case
        when event_type in ('click', 'dblclick', 'context_menu') then 'click'
        when event_type in ('scroll', 'scroll_milestone') then 'scroll'
        when event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error') then 'error'
        when event_type = 'page_view' then 'pageview'
        else 'custom'
    end as event_type,
    coalesce(nullif(custom_name, ''), event_type) as event_name,
    nullif(url, '') as page_url,
    nullif(title, '') as page_title,
    target_tag as element_tag,
    target_id as element_id,
    nullif(target_class, '') as element_class,
    target_text as element_text,
    target_selector as element_selector,
    click_x as x_position,
    click_y as y_position,
    {{ saturated_int("nullif(viewport_width, 0)") }} as viewport_width,
    {{ saturated_int("nullif(viewport_height, 0)") }} as viewport_height,
    scroll_depth,
    error_message,
    error_stack,
    {{ moment('timestamp') }} as timestamp,
    {{ saturated_int('time_on_page_ms') }} as time_on_page_ms,
    {{ event_metadata() }} as metadata,
    {{ moment('timestamp') }} as created_at
from {{ source('landing', 'events') }}
