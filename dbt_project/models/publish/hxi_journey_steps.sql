{#- One row per page step of a session. -#}
select
    project_id,
    session_id,
    {{ saturated_int('step') }} as step_number,
    {{ cut_text('path', 255) }} as screen_name,
    started_at as event_time
from {{ source('landing', 'journeys') }}
