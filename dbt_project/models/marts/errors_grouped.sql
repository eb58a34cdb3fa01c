{#- One row per UTC day and group of alike errors: same type, place and message but for numbers, ids, content hashes and
    quoted text. What the browser hides (`Script error.`) is one group; what is not the page's doing is none of the page's. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, fingerprint)',
    partition_by='toYYYYMM(day)',
) }}

with errors as (
    select
        *,
        {{ event_order() }} as position,
        ifNull(error_message, '') as message,
        {{ is_opaque_error('message') }} as is_hidden,
        if(is_hidden, 'Script error.', {{ error_pattern('message') }}) as message_pattern,
        if(is_hidden, '', ifNull(error_type, '')) as type,
        if(is_hidden, '', {{ name_pattern("extract(ifNull(error_filename, ''), '^[^?#]*')") }}) as filename
    from {{ ref('events') }}
    where
        event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')
        and not is_excluded
        and {{ in_planned_days('event_date') }}
)

select
    project_id,
    event_date as day,
    lower(hex(sipHash128((event_type, type, message_pattern, concat(if(is_foreign_error, 'foreign ', ''), filename))))) as fingerprint,
    event_type,
    toLowCardinality(type) as error_type,
    message_pattern,
    filename,
    argMin(message, position) as sample_message,
    argMin(ifNull(error_stack, ''), position) as sample_stack,
    argMin(event_id, position) as sample_event_id,
    count() as error_count,
    uniqExact(session_id) as session_count,
    uniqExactIf(user_id, user_id != '') as user_count,
    min(timestamp) as first_seen_at,
    max(timestamp) as last_seen_at,
    arraySort(groupUniqArray(path)) as paths,
    toBool(is_hidden) as is_opaque,
    is_foreign_error as is_foreign
from errors
group by all
