{#- One row per detection; each click is charged once: rage before error before dead. -#}
{{ config(
    order_by='(project_id, insight_type, timestamp)',
    partition_by='toYYYYMM(insight_date)',
) }}

with rage_clicks as (
    select * from {{ source('signals', 'rage_clicks') }} where {{ in_planned_sessions() }}
),

error_clicks as (
    select * from {{ source('signals', 'error_clicks') }} where {{ in_planned_sessions() }}
),

dead_clicks as (
    select * from {{ source('signals', 'dead_clicks') }} where {{ in_planned_sessions() }} and {{ is_detection() }}
),

clicks_of_rage as (
    select project_id, session_id, arrayJoin(related_event_ids) as click_id from rage_clicks
),

-- An error click's first related event is its click.
clicks_of_errors as (
    select project_id, session_id, related_event_ids[1] as click_id from error_clicks
),

detections as (
    select *, true as charged from rage_clicks
    union all
    select
        *,
        (project_id, session_id, related_event_ids[1]) not in (
            select project_id, session_id, click_id from clicks_of_rage
        ) as charged
    from error_clicks
    union all
    select
        *,
        (project_id, session_id, related_event_ids[1]) not in (
            select project_id, session_id, click_id from clicks_of_rage
            union all
            select project_id, session_id, click_id from clicks_of_errors
        ) as charged
    from dead_clicks
    {%- for table in ['thrashed_cursors', 'u_turns', 'slow_pages', 'form_abandonments'] %}
    union all
    select *, true as charged from {{ source('signals', table) }} where {{ in_planned_sessions() }} and {{ is_detection() }}
    {%- endfor %}
)

select
    insight_id,
    project_id,
    session_id,
    insight_type,
    timestamp,
    url,
    path,
    x,
    y,
    target_selector,
    details,
    related_event_ids,
    toDate(timestamp) as insight_date,
    toBool(charged) as charged,
    detector_version
from detections
