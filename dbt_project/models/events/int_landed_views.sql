{#- One row per page view with a path, with its place in the order of its session. Doubled is one that says again what
    the one before it said: same session, window and path, within the setting page_views.same_view_ms.
    A table: `events` asks for it three times, and each would read raw and clean it again. -#}
{{ config(schema='intermediate', order_by='(project_id, session_id, event_id)') }}

with views as (
    select
        project_id,
        session_id,
        event_id,
        timestamp,
        own_path,
        {{ event_order_number() }} as order_number,
        lagInFrame((own_path, timestamp)) over (
            partition by project_id, session_id, JSONExtractString(custom, 'window_id')
            order by {{ event_order() }} rows between 1 preceding and current row
        ) as before
    from {{ ref('int_cleaned_events') }}
    where event_type = 'page_view' and own_path != ''
)

select
    project_id,
    session_id,
    event_id,
    own_path as path,
    order_number,
    toBool(
        before.1 = own_path
        and timestamp <= before.2 + toIntervalMillisecond({{ setting('page_views.same_view_ms') }})
    ) as is_doubled
from views
