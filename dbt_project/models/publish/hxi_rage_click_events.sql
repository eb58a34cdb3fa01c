{#- One row per rage click. -#}
with rage_clicks as (
    select *, details::jsonb as detail
    from {{ source('landing', 'insights') }}
    where insight_type = 'rage_click'
),

first_clicks as (
    select project_id, session_id, event_id as first_event_id, target_id
    from {{ source('landing', 'events') }}
    where event_type = 'click'
)

select
    rage_clicks.project_id,
    rage_clicks.session_id,
    rage_clicks.insight_id,
    {{ cut_text(element_id(), 255) }} as element_id,
    {{ cut_text('rage_clicks.path', 255) }} as screen_name,
    {{ saturated_int("(detail ->> 'click_count')::numeric") }} as click_count,
    (detail ->> 'first_at')::timestamp as first_click_time,
    (detail ->> 'last_at')::timestamp as last_click_time,
    (detail ->> 'last_at')::timestamp as detected_at
from rage_clicks
left join first_clicks using (project_id, session_id, first_event_id)
