{#- One row per project, page and UTC day: time on page of its views, as states. -#}
{{ config(
    grain='day',
    day='date',
    order_by='(project_id, path, date)',
    partition_by='toYYYYMM(date)',
) }}

select
    project_id,
    path,
    day as date,
    count() as view_count,
    avgState(assumeNotNull(time_on_page_ms)) as avg_time_on_page,
    maxState(assumeNotNull(time_on_page_ms)) as max_time_on_page,
    minState(assumeNotNull(time_on_page_ms)) as min_time_on_page,
    quantileExactInclusiveState(0.5)(assumeNotNull(time_on_page_ms)) as median_time_on_page,
    quantileExactInclusiveState(0.75)(assumeNotNull(time_on_page_ms)) as p75_time_on_page,
    sumState(assumeNotNull(time_on_page_ms)) as total_time_on_page
from {{ ref('int_views') }}
where is_page_view and time_on_page_ms > 0 and {{ in_planned_days('day') }}
group by all
