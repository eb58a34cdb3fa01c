{#- One row per UTC day and way from one page to the next; from '' is an entry, to '' an exit. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, from_path, to_path)',
    partition_by='toYYYYMM(day)',
) }}

with steps as (
    select
        project_id,
        session_id,
        path,
        day,
        dwell_ms,
        is_entry,
        is_exit,
        next_path
    from {{ ref('journeys') }}
    where {{ in_planned_days('day') }}
),

edges as (
    select project_id, session_id, day, '' as from_path, path as to_path, null as dwell_ms
    from steps
    where is_entry

    union all

    select project_id, session_id, day, path, next_path, toNullable(dwell_ms)
    from steps
)

select
    project_id,
    day,
    from_path,
    to_path,
    count() as transition_count,
    uniqExact(session_id) as session_count,
    ifNull(sum(dwell_ms), 0) as total_dwell_ms
from edges
group by all
