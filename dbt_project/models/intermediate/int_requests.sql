{#- One row per XHR or fetch request of an event; websockets have no answer to time. A view. -#}
with {{ setting('apdex_target_ms') }} as apdex_target_ms

select
    project_id,
    session_id,
    event_id,
    timestamp,
    event_date as day,
    path,
    request_method as method,
    endpoint,
    request_status as status,
    request_duration_ms as duration_ms,
    is_aborted,
    toBool(not is_aborted and (ifNull(status, 0) = 0 or ifNull(status, 0) >= 500)) as is_failed,
    toBool(not is_aborted and (is_failed or duration_ms is not null)) as is_measured,
    toBool(ifNull(status, 0) between 400 and 499) as is_client_error,
    toBool(is_measured and not is_failed and ifNull(duration_ms, 0) <= apdex_target_ms) as is_satisfied,
    toBool(
        is_measured and not is_failed and not is_satisfied
        and ifNull(duration_ms, 0) <= 4 * apdex_target_ms
    ) as is_tolerating
from {{ ref('events') }}
where event_type in ('xhr_request', 'fetch_request') and request_type != 'websocket' and not is_excluded
