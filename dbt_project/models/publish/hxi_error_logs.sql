{#- One row per error event. -#}
select
    project_id,
    session_id,
    event_id as source_event_id,
    {{ cut_text('path', 255) }} as screen_name,
    error_message,
    error_stack as stack_trace,
    timestamp as occurred_at
from {{ source('landing', 'events') }}
where event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')
