{#- One row per page view, and per exit or vitals event that belongs to no view.
    LCP, CLS, INP, time on page, scroll depth: the greatest. The others: the first. (Of one load the last LCP is the
    greatest; after a return from the back/forward cache a page reports that of the return, a few ms.) -#}
{{ config(
    materialized='rewrite',
    grain='session',
    order_by='(project_id, session_id, view_id)',
    partition_by='toYYYYMM(day)',
) }}

with events as (
    select
        *,
        {{ event_order() }} as position,
        ifNull(view_id, event_id) as unit_id,
        event_type = 'page_view' as is_view,
        event_type in ('page_load', 'web_vitals') as is_timing,
        -- Of SDKs that tell no exit, but from time to time that the page is still looked at.
        custom like '%"time_on_page":"since_view"%' as is_still_there
    from {{ ref('events') }}
    where
        {{ in_planned_sessions() }}
        and not is_excluded
        and (view_id is not null or event_type in ('page_exit', 'page_load', 'web_vitals'))
)

select
    project_id,
    session_id,
    unit_id as view_id,
    toBool(countIf(is_view) > 0) as is_page_view,
    if(is_page_view, argMinIf(timestamp, position, is_view), min(timestamp)) as viewed_at,
    toDate(viewed_at) as day,
    argMin(path, position) as path,
    argMinIf(url, position, is_view) as url,
    argMinIf(title, position, is_view) as title,
    argMinIf(referrer, position, is_view) as referrer,
    coalesce(
        max(if(event_type = 'page_exit', time_on_page_ms, null)),
        if(
            is_page_view,
            accurateCastOrNull(dateDiff('millisecond', viewed_at, max(if(is_still_there, timestamp, null))), 'UInt64'),
            null
        )
    ) as time_on_page_ms,
    max(if(event_type in ('scroll', 'page_exit'), scroll_depth, null)) as max_scroll_depth,
    countIf(event_type = 'click') as click_count,
    countIf({{ is_error() }}) as error_count,
    max(if(is_timing, lcp, null)) as lcp,
    argMinIf(fid, position, is_timing and fid is not null) as fid,
    max(if(is_timing, inp, null)) as inp,
    max(if(is_timing, cls, null)) as cls,
    argMinIf(fcp, position, is_timing and fcp is not null) as fcp,
    argMinIf(ttfb, position, is_timing and ttfb is not null) as ttfb,
    argMinIf(load_complete, position, is_timing and load_complete is not null) as load_complete
from events
group by project_id, session_id, unit_id
