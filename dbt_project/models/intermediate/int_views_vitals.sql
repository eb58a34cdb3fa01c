{#- One row per page view with web vitals, and per vitals event without a view. A view.
    LCP: the last reported. CLS, INP: the greatest. The others: the first. -#}
{{ config(materialized='view') }}

select
    project_id,
    session_id,
    ifNull(view_id, event_id) as vitals_id,
    any(path) as path,
    argMaxIf(lcp, position, lcp is not null) as lcp,
    max(inp) as inp,
    max(cls) as cls,
    argMinIf(fcp, position, fcp is not null) as fcp,
    argMinIf(ttfb, position, ttfb is not null) as ttfb,
    argMinIf(load_complete, position, load_complete is not null) as load_complete
from (select *, {{ event_order() }} as position from {{ ref('events') }} where {{ in_planned_sessions() }})
where event_type in ('page_load', 'web_vitals')
group by project_id, session_id, vitals_id
