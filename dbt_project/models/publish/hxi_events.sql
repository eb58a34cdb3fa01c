{#- One row per event but replay payloads. -#}
select
    project_id,
    session_id,
    event_id as source_event_id,
    {{ cut_text('event_type', 50) }} as event_type,
    nullif(url, '') as page_url,
    {{ cut_text('path', 255) }} as screen_name,
    {{ cut_text(element_id(), 255) }} as element_id,
    {{ cut_text('target_tag', 100) }} as element_type,
    click_x as x,
    click_y as y,
    scroll_top as scroll_position,
    timestamp,
    {{ event_metadata() }} as metadata
from {{ source('landing', 'events') }}
