{#- One row per page step of a session, runs of one path collapsed. -#}
{{ config(
    order_by='(project_id, session_id, step)',
    partition_by='toYYYYMM(day)',
) }}

select
    project_id,
    session_id,
    step,
    path,
    url,
    title,
    started_at,
    dwell_ms,
    run_length,
    view_id,
    toBool(step = 1) as is_entry,
    toBool(step = max(step) over (partition by project_id, session_id)) as is_exit,
    leadInFrame(path) over (
        partition by project_id, session_id order by step rows between current row and 1 following
    ) as next_path,
    toDate(started_at) as day
from {{ source('signals', 'journey_steps') }}
where {{ in_planned_sessions() }}
