{#- One row per click with a position, and per scroll with an offset. -#}
select
    project_id,
    session_id,
    event_id as source_event_id,
    {{ cut_text('path', 255) }} as screen_name,
    case when event_type = 'click' then click_x end as x,
    case when event_type = 'click' then click_y else scroll_top end as y,
    1::double precision as weight,
    timestamp as event_time,
    event_type::varchar(20) as kind
from {{ source('landing', 'events') }}
where
    (event_type = 'click' and click_x is not null and click_y is not null)
    or (event_type = 'scroll' and scroll_top is not null)
