{#- One row per request that got no answer because its page was left, hidden or closed within the setting
    requests.cut_off_ms. A view. -#}
{{ config(materialized='view', schema='intermediate') }}

with ended as (
    select
        project_id,
        session_id,
        event_id,
        toUnixTimestamp64Milli(timestamp) as at,
        event_type in ('xhr_request', 'fetch_request') as is_request,
        -- Backwards, because a frame that grows is summed up as it goes.
        min(if(is_request, null, at)) over (
            partition by project_id, session_id order by at desc range between unbounded preceding and current row
        ) as left_at
    from {{ ref('int_landed_events') }}
    where
        event_type in ('page_exit', 'page_hidden', 'session_end')
        or (event_type in ('xhr_request', 'fetch_request') and ifNull(request_status, 0) = 0)
)

select project_id, session_id, event_id
from ended
where is_request and left_at - at <= {{ setting('requests.cut_off_ms') }}
