{#- One row per day, page, viewport width, grid cell and element. Cells are floored, so that -1 and 1 differ. -#}
{{ config(
    grain='day',
    day='date',
    order_by='(project_id, path, viewport_width, grid_x, grid_y, target_selector, target_tag, date)',
    partition_by='toYYYYMM(date)',
) }}

with {{ setting('heatmap_grid_px') }} as grid_px

select
    project_id,
    path,
    viewport_width,
    toInt32(floor(assumeNotNull(click_x) / grid_px)) as grid_x,
    toInt32(floor(assumeNotNull(click_y) / grid_px)) as grid_y,
    ifNull(target_selector, '') as target_selector,
    ifNull(target_tag, '') as target_tag,
    count() as click_count,
    event_date as date
from {{ ref('events') }}
where
    event_type = 'click'
    and not is_excluded
    and click_x is not null
    and click_y is not null
    and {{ in_planned_days('event_date') }}
group by all
