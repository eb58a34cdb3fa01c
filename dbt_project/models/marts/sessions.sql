{#- One row per session. -#}
{{ config(
    order_by='(project_id, session_id)',
    partition_by='toYYYYMM(session_date)',
) }}

-- Each step names what the next ones ask for: the engine plans a column once, and an expression of the same step
-- wherever its name is.
with events as (
    select
        *,
        if(page_count > 0, first_view, first_place) as entry,
        if(page_count > 0, last_view, last_place) as exit,
        lower(if(referrer != '', domain(referrer), told_referrer_domain)) as referring_host,
        UUIDv7ToDateTime(toUUIDOrZero(device_id), 'UTC') as device_made_at
    from {{ ref('int_sessions_events') }}
),

landed as (
    with {{ query_pairs('entry.1') }} as entry_pairs

    select
        *,
        -- A router may have redirected before the first view: then the URL the session started with has them.
        if({{ has_campaign('entry_pairs') }}, entry_pairs, {{ query_pairs('started_url') }}) as campaign_pairs,
        if(entry.1 != '', entry.1, started_url) as landing_url
    from events
),

tagged as (
    select
        *,
        if(started_utm != ('', '', '', '', ''), started_utm, (
            {%- for name in ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}
            {{ query_parameter('campaign_pairs', name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )) as utm,
        splitByChar(' ', {{ click_id_source('landing_url') }}) as clicked,
        {{ is_same_site("concat('http://', referring_host)", 'landing_url') }} as is_own
    from landed
),

-- A page of one's own domain is no source. Without utm an advertisement's click id says it, else the referrer.
sourced as (
    select
        *,
        if(is_own, '', replaceRegexpOne(referring_host, '^www\\.', '')) as referrer_domain,
        utm.1 != '' or utm.2 != '' or utm.3 != '' as is_tagged,
        lower(if(utm.1 = '' and (utm.2 = '' or clicked[2] != ''), if(clicked[1] != '', clicked[1], referrer_domain), utm.1)) as source,
        lower(utm.3) as campaign
    from tagged
),

classified as (
    select
        *,
        lower(multiIf(
            utm.2 != '', utm.2,
            clicked[2] != '', clicked[2],
            is_tagged or source = '', '',
            'referral'
        )) as medium,
        {{ source_kind('source') }} as kind
    from sourced
),

charged as (
    select
        project_id,
        session_id,
        countIf(insight_type = 'rage_click') as rage_clicks,
        countIf(insight_type = 'dead_click') as dead_clicks,
        countIf(insight_type = 'error_click') as error_clicks
    from {{ ref('insights') }}
    where charged and {{ in_planned_sessions() }}
    group by project_id, session_id
),

{{ names_setting('sessions.dimensions') }} as chosen_names

select
    session_id,
    project_id,
    user_id,
    device_id,
    -- Else by the moment that an id of version 7 was made, which no other session can change.
    multiIf(
        isNotNull(told_new), told_new,
        device_made_at > toDateTime64(0, 3, 'UTC'), toBool(device_made_at >= started_on_device - toIntervalMinute(1)),
        null
    ) as is_new_user,
    started_at,
    ended_at,
    toUInt64(dateDiff('millisecond', started_at, ended_at)) as duration_ms,
    engaged_ms,
    entry.1 as entry_url,
    entry.2 as entry_path,
    exit.1 as exit_url,
    exit.2 as exit_path,
    toUInt32(page_count) as page_count,
    toUInt32(event_count) as event_count,
    toUInt32(click_count) as click_count,
    toUInt32(error_count) as error_count,
    max_scroll_depth,
    toUInt32(rage_clicks) as rage_click_count,
    toUInt32(dead_clicks) as dead_click_count,
    toUInt32(error_clicks) as error_click_count,
    toUInt8(error_count > 0) as has_error,
    toUInt8(rage_clicks > 0) as has_rage_click,
    toUInt8(dead_clicks > 0) as has_dead_click,
    toUInt8(page_count = 1) as is_bounce,
    utm.1 as utm_source,
    utm.2 as utm_medium,
    utm.3 as utm_campaign,
    utm.4 as utm_term,
    utm.5 as utm_content,
    referrer,
    toLowCardinality(device.1) as browser,
    device.2 as browser_version,
    toLowCardinality(device.3) as os,
    device.4 as os_version,
    toLowCardinality(device.5) as device_type,
    device.6 as user_agent,
    toLowCardinality(device.7) as language,
    device.8 as screen_width,
    device.9 as screen_height,
    device.10 as viewport_width,
    device.11 as viewport_height,
    geo.1 as ip,
    toLowCardinality(geo.2) as country,
    toLowCardinality(geo.3) as country_code,
    geo.4 as region,
    geo.5 as city,
    app_version,
    toDate(started_at) as session_date,
    toLowCardinality({{ channel('source', 'medium', 'campaign', 'kind', "is_own and not is_tagged and clicked[2] = ''") }}) as channel,
    referrer_domain,
    toLowCardinality(transform(
        told_end,
        ['SESSION_END_REASON_TIMEOUT', 'SESSION_END_REASON_NAVIGATION', 'SESSION_END_REASON_CLOSE'],
        ['timeout', 'navigation', 'close'],
        ''
    )) as end_reason,
    toJSONString(int_sessions_custom.custom) as custom_properties,
    {%- for n in range(1, 6) %}
    {{ chosen_dimension('int_sessions_custom.custom', 'chosen_names', n) }} as dimension_{{ n }},
    {%- endfor %}
    traits,
    toBool(classified.bot_reason != '') as is_bot,
    toLowCardinality(classified.bot_reason) as bot_reason,
    toBool(is_bot and not {{ setting('bots.counted') }}) as is_excluded,
    toBool(duration_ms > 3600000 * {{ setting('session.max_hours') }}) as is_overlong
from classified
left join {{ ref('int_sessions_engaged') }} as int_sessions_engaged using (project_id, session_id)
left join charged using (project_id, session_id)
left join {{ ref('int_sessions_custom') }} as int_sessions_custom using (project_id, session_id)
left join {{ ref('int_sessions_traits') }} as int_sessions_traits using (project_id, session_id)
