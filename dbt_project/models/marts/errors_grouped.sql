{#- One row per UTC day and group of alike errors: same type, place and message but for numbers, ids and quoted text. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, fingerprint)',
    partition_by='toYYYYMM(day)',
) }}

with errors as (
    select
        *,
        {{ event_order() }} as position,
        replaceRegexpAll(
            replaceRegexpAll(ifNull(error_message, ''), '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', '?'),
            '\\d+|"[^"]*"|''[^'']*''', '?'
        ) as message_pattern
    from {{ ref('events') }}
    where
        event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')
        and {{ in_planned_days('event_date') }}
)

select
    project_id,
    event_date as day,
    lower(hex(sipHash128((event_type, ifNull(error_type, ''), message_pattern, ifNull(error_filename, ''))))) as fingerprint,
    event_type,
    ifNull(error_type, '') as error_type,
    message_pattern,
    ifNull(error_filename, '') as filename,
    argMin(ifNull(error_message, ''), position) as sample_message,
    argMin(ifNull(error_stack, ''), position) as sample_stack,
    argMin(event_id, position) as sample_event_id,
    count() as error_count,
    uniqExact(session_id) as session_count,
    uniqExactIf(user_id, user_id != '') as user_count,
    min(timestamp) as first_seen_at,
    max(timestamp) as last_seen_at,
    arraySort(groupUniqArray(path)) as paths
from errors
group by all
