{#- One row per page view with a path, with its place in the order of its session. Doubled is one that says again what
    the one before it said: same session, window and path, within the setting page_views.same_view_ms.
    A table: `events` asks for it three times, and each would read raw and clean it again. -#}
{{ config(schema='intermediate', order_by='(project_id, session_id, event_id)') }}

with placed as (
    with {{ own_path_steps() }}

    select
        project_id,
        session_id,
        event_id,
        timestamp,
        sent_order,
        own_path,
        JSONExtractString(custom, 'window_id') as window_id
    from {{ ref('int_landed_events') }}
    where event_type = 'page_view'
),

views as (
    select
        *,
        {{ event_order_number() }} as order_number,
        lagInFrame((own_path, timestamp)) over (
            partition by project_id, session_id, window_id
            order by {{ event_order() }} rows between 1 preceding and current row
        ) as before
    from placed
    where own_path != ''
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
