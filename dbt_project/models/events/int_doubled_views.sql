{#- One row per page view that says again what the one before it said: same session, window and path, within the
    setting page_views.same_view_ms. A view. -#}
{{ config(materialized='view', schema='intermediate') }}

with views as (
    select
        project_id,
        session_id,
        event_id,
        timestamp,
        own_path,
        lagInFrame((own_path, timestamp)) over (
            partition by project_id, session_id, JSONExtractString(custom, 'window_id')
            order by {{ event_order() }} rows between 1 preceding and current row
        ) as before
    from {{ ref('int_cleaned_events') }}
    where event_type = 'page_view' and own_path != ''
)

select project_id, session_id, event_id
from views
where
    before.1 = own_path
    and timestamp <= before.2 + toIntervalMillisecond({{ setting('page_views.same_view_ms') }})
