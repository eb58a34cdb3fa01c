{#- Clicks of all sessions = clicks in the heatmap + clicks without a position. -#}
{{ config(enabled=target.type == 'clickhouse') }}

with counted as (
    select project_id, click_count as in_sessions, 0 as in_heatmap, 0 as without_position
    from {{ ref('sessions') }}

    union all

    select project_id, 0, click_count, 0 from {{ ref('click_heatmap_mv') }}

    union all

    select project_id, 0, 0, count()
    from {{ ref('events') }}
    where event_type = 'click' and (click_x is null or click_y is null)
    group by project_id
)

select project_id
from counted
group by project_id
having sum(in_sessions) != sum(in_heatmap) + sum(without_position)
