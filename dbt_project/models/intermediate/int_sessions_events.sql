{#- One row per session: everything its events alone say. A view.
    "First" and "last" are by (timestamp, text of event_id); a group of columns is taken whole from one event. -#}
{% set device = 'browser, browser_version, os, os_version, device_type, user_agent, language, screen_width, screen_height, viewport_width, viewport_height' %}
{% set geo = 'ip, country, country_code, region, city' %}
{% set utm = 'utm_source, utm_medium, utm_campaign, utm_term, utm_content' %}

select
    project_id,
    session_id,
    min(timestamp) as started_at,
    max(timestamp) as ended_at,
    argMaxIf(user_id, position, user_id != '') as user_id,
    argMinIf(device_id, position, device_id != '') as device_id,
    min(device_timestamp) as started_on_device,
    argMinIf(
        toNullable(toBool(JSONExtractBool(payload, 'isNewUser'))),
        position,
        event_type = 'session_start' and not JSONExtractBool(payload, 'isPartial')
    ) as told_new,
    argMinIf(
        JSONExtractString(payload, 'referrerDomain'),
        position,
        event_type = 'session_start' and JSONExtractString(payload, 'referrerDomain') != ''
    ) as told_referrer_domain,
    argMaxIf(JSONExtractString(payload, 'endReason'), position, event_type = 'session_end') as told_end,

    countIf(event_type = 'page_view') as page_count,
    count() as event_count,
    countIf(event_type = 'click') as click_count,
    countIf({{ is_error() }}) as error_count,
    max(if(event_type in ('scroll', 'page_exit'), ifNull(scroll_depth, 0), 0)) as max_scroll_depth,

    argMinIf((url, path), position, event_type = 'page_view') as first_view,
    argMaxIf((url, path), position, event_type = 'page_view') as last_view,
    argMinIf((url, path), position, path != '') as first_place,
    argMaxIf((url, path), position, path != '') as last_place,
    argMinIf(entry_url, position, entry_url != '') as started_url,
    -- Where the session came from, not where a later page did: '' stays '' for one that was typed in.
    if(page_count > 0, argMinIf(referrer, position, event_type = 'page_view'), argMin(referrer, position)) as referrer,

    argMinIf(({{ utm }}), position, event_type = 'session_start' and concat({{ utm }}) != '') as started_utm,
    argMinIf(
        ({{ device }}),
        position,
        concat(browser, browser_version, os, os_version, device_type, user_agent, language) != ''
        or screen_width + screen_height + viewport_width + viewport_height > 0
    ) as device,
    argMinIf(({{ geo }}), position, concat({{ geo }}) != '') as geo,
    argMinIf(JSONExtractString(custom, 'app_version'), position, JSONHas(custom, 'app_version')) as app_version,
    max(bot_reason) as bot_reason
from (
    select *, {{ event_order() }} as position
    from {{ ref('events') }}
    where {{ in_planned_sessions() }} and not is_doubled
)
group by project_id, session_id
