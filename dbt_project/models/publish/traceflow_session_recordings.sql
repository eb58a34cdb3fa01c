{#- One row per session with replay payloads, also of sessions without other events. -#}
{#- Of a longer recording only the facts are served here; its payloads are rows of session_replay_chunks. -#}
{%- set longest_bytes = 32 * 1024 * 1024 -%}

with chunks as (
    select
        *,
        sum(data_size) over (partition by project_id, session_id) as recording_bytes
    from {{ source('landing', 'replay_chunks') }}
),

-- The inside of each payload's array; one event alone is inside already. What JSONB cannot hold is left out. As bytes:
-- of text, each character would be looked at to find its ends. `limit 1`: else each mention of `json` works it out again.
pieces as (
    select
        chunks.*,
        case
            when get_byte(json, 0) = ascii('[')
                then btrim(substring(json from 2 for octet_length(json) - 2), '\x20090a0d')
            else json
        end as rrweb_events
    from chunks
    cross join lateral (
        select
            case
                when recording_bytes <= {{ longest_bytes }} and pg_input_is_valid(chunk, 'jsonb')
                    then btrim(convert_to(chunk, 'UTF8'), '\x20090a0d')
            end as json
        limit 1
    ) as trimmed
),

recordings as (
    select
        project_id,
        session_id,
        convert_from(
            '[' || coalesce(string_agg(nullif(rrweb_events, ''), ',' order by chunk_index), '') || ']', 'UTF8'
        )::jsonb as events,
        min(timestamp_start) as started_at,
        max(timestamp_end) as ended_at,
        sum(event_count) as event_count,
        sum(data_size) as data_size
    from pieces
    group by project_id, session_id
),

sessions as (
    select *
    from {{ ref('traceflow_sessions') }}
),

places as (
    select
        project_id,
        session_id,
        nullif(
            jsonb_strip_nulls(jsonb_build_object('city', nullif(city, ''), 'country', nullif(country, ''))), '{}'
        ) as geolocation
    from {{ source('landing', 'sessions') }}
)

select
    recordings.project_id,
    recordings.session_id::text as session_id,
    recordings.session_id as source_session_id,
    recordings.events,
    {{ saturated_int("extract(epoch from recordings.ended_at - recordings.started_at) * 1000") }} as duration_ms,
    {{ saturated_int('recordings.event_count') }} as event_count,
    sessions.page_count,
    coalesce(sessions.pages_visited, '[]') as pages_visited,
    sessions.user_agent,
    sessions.visitor_id,
    sessions.ip_address,
    places.geolocation,
    {{ moment('recordings.started_at') }} as start_time,
    {{ moment('recordings.ended_at') }} as end_time,
    false as compressed,
    {{ saturated_int('recordings.data_size') }} as storage_size_bytes,
    {{ moment('recordings.started_at') }} as created_at,
    {{ moment('recordings.ended_at') }} as updated_at,
    recordings.session_id as id
from recordings
left join sessions
    on recordings.project_id = sessions.project_id and recordings.session_id = sessions.source_session_id
left join places
    on recordings.project_id = places.project_id and recordings.session_id = places.session_id
