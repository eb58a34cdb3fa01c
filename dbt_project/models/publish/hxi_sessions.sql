{#- One row per session. -#}
select
    project_id,
    session_id,
    user_uuid as user_id,
    {{ cut_text('device_id', 255) }} as device_id,
    {{ cut_text('ip', 100) }} as ip_address,
    nullif(user_agent, '') as user_agent,
    started_at as start_time,
    ended_at as end_time,
    {{ saturated_bigint('duration_ms') }} as duration_ms,
    case
        when screen_width > 0 and screen_height > 0
            then (screen_width || 'x' || screen_height)::varchar(50)
    end as screen_resolution,
    {{ cut_text('app_version', 50) }} as app_version,
    {{ cut_text('device_type', 50) }} as device_type,
    {{ cut_text('language', 50) }} as locale,
    is_new_user,
    is_excluded,
    {{ cut_text('referrer_domain', 255) }} as referrer_domain,
    {{ cut_text('end_reason', 50) }} as end_reason,
    {%- for n in range(1, 6) %}
    {{ cut_text('dimension_' ~ n, 255) }} as dimension_{{ n }},
    {%- endfor %}
    landing.json_or_null(traits) as traits
from {{ source('landing', 'sessions') }}
