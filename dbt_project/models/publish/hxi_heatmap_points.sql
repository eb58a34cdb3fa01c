{#- One row per click with a position. -#}
{{ config(materialized='view') }}

select
    project_id,
    session_id,
    event_id as source_event_id,
    {{ cut_text('path', 255) }} as screen_name,
    click_x as x,
    click_y as y,
    1::double precision as weight,
    timestamp as event_time
from {{ source('landing', 'events') }}
where event_type = 'click' and click_x is not null and click_y is not null
