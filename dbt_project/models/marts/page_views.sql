{#- One row per page view. -#}
{{ config(
    order_by='(project_id, session_id, viewed_at, view_id)',
    partition_by='toYYYYMM(day)',
) }}

select
    project_id,
    session_id,
    view_id,
    viewed_at,
    path,
    url,
    title,
    referrer,
    time_on_page_ms,
    max_scroll_depth,
    click_count,
    error_count,
    lcp,
    fid,
    inp,
    cls,
    fcp,
    ttfb,
    load_complete,
    day
from {{ ref('int_views') }}
where is_page_view and {{ in_planned_sessions() }}
