{#- One row per XHR or fetch request. -#}
select
    project_id,
    session_id,
    event_id as source_event_id,
    {{ cut_text('path', 255) }} as screen_name,
    split_part(split_part(request_url, '?', 1), '#', 1) as api_endpoint,
    {{ saturated_int('request_duration_ms') }} as latency_ms,
    request_status as status_code,
    timestamp as recorded_at
from {{ source('landing', 'events') }}
where event_type in ('xhr_request', 'fetch_request')
