{#- One row per session. -#}
with first_steps as (
    select project_id, session_id, path, min(step) as step
    from {{ source('landing', 'journeys') }}
    group by project_id, session_id, path
),

visited as (
    -- Bounded: JSONB holds 256 MiB, and nobody reads more.
    select project_id, session_id, jsonb_agg(left(path, 2048) order by step) filter (where step <= 10000) as pages
    from first_steps
    group by project_id, session_id
)

select
    project_id,
    session_id::text as session_id,
    session_id as source_session_id,
    {{ indexed_text("coalesce(nullif(user_id, ''), device_id)") }} as visitor_id,
    nullif(user_agent, '') as user_agent,
    nullif(device_type, '') as device_type,
    nullif(browser, '') as browser,
    nullif(os, '') as os,
    case when screen_width > 0 and screen_height > 0 then screen_width || 'x' || screen_height end as screen_resolution,
    nullif(ip, '') as ip_address,
    {{ indexed_text('country_code') }} as country_code,
    nullif(city, '') as city,
    {{ moment('started_at') }} as started_at,
    {{ moment('sessions.ended_at') }} as ended_at,
    {{ saturated_int('duration_ms') }} as duration_ms,
    {{ saturated_int('page_count') }} as page_count,
    {{ saturated_int('event_count') }} as event_count,
    100 - scores.score as frustration_score,
    {{ saturated_int('rage_click_count') }} as rage_click_count,
    {{ saturated_int('dead_click_count') }} as dead_click_count,
    {{ saturated_int('error_count') }} as error_count,
    nullif(referrer, '') as referrer,
    nullif(entry_url, '') as landing_page,
    coalesce(visited.pages, '[]') as pages_visited,
    {{ json_object('custom_properties') }} as custom_properties,
    is_excluded,
    {{ moment('started_at') }} as created_at,
    {{ moment('sessions.ended_at') }} as updated_at,
    session_id as id
from {{ source('landing', 'sessions') }} as sessions
left join {{ source('landing', 'experience_scores') }} as scores using (project_id, session_id)
left join visited using (project_id, session_id)
