{#- One row per session and issue in it: what was met, on which page, with which element. -#}
with met as (
    select
        project_id,
        session_id,
        case insight_type when 'slow_page' then 'slow_load' else insight_type end as issue_type,
        path,
        coalesce(target_selector, '') as selector,
        timestamp
    from {{ source('landing', 'insights') }}
    where charged and insight_type in ('rage_click', 'dead_click', 'slow_page', 'form_abandonment')
    union all
    select
        project_id,
        session_id,
        'error' as issue_type,
        path,
        '' as selector,
        timestamp
    from {{ source('landing', 'events') }}
    where event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')
),

issues as (
    select
        project_id,
        session_id,
        issue_type,
        path,
        selector,
        count(*) as occurrence_count,
        min(timestamp) as first_detected_at,
        max(timestamp) as last_detected_at
    from met
    group by project_id, session_id, issue_type, path, selector
)

select
    project_id,
    session_id::text as session_id,
    -- Of the whole text, so that nothing depends on how long it is.
    md5(jsonb_build_array(issue_type, path, selector)::text)::uuid as issue_key,
    issue_type,
    nullif(path, '') as page_url,
    nullif(selector, '') as element_selector,
    user_uuid as user_id,
    {{ saturated_int('occurrence_count') }} as occurrence_count,
    {{ moment('first_detected_at') }} as first_detected_at,
    {{ moment('last_detected_at') }} as last_detected_at
from issues
inner join {{ source('landing', 'sessions') }} using (project_id, session_id)
