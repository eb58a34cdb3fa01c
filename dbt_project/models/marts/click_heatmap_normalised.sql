{#- One row per UTC day, page, band of viewport widths, element and cell, for laying clicks of unlike screens
    over one page: the cell in the viewport (x in % of its width, y in 10-px rows) and in the element (a 20 x 20 grid).
    A cell outside is NULL in the viewport's and the element's columns alike. -#}
{{ config(
    grain='day',
    order_by='(project_id, path, width_band, target_selector, day)',
    partition_by='toYYYYMM(day)',
) }}

with clicks as (
    select
        *,
        assumeNotNull(click_x) as x,
        assumeNotNull(click_y) as y,
        viewport_width > 0 and x >= 0 and x < viewport_width as is_inside,
        target_width > 0 and target_height > 0
        and x >= target_left and x < target_left + target_width
        and y >= target_top and y < target_top + target_height as is_on_element
    from {{ ref('events') }}
    where
        event_type = 'click' and not is_excluded and click_x is not null and click_y is not null
        and {{ in_planned_days('event_date') }}
)

select
    project_id,
    path,
    multiIf(
        viewport_width = 0, 'unknown',
        viewport_width < 768, 'mobile',
        viewport_width < 1200, 'tablet',
        'desktop'
    ) as width_band,
    ifNull(target_selector, '') as target_selector,
    toBool(not is_inside) as is_outside,
    if(is_inside, toInt32(floor(100 * x / viewport_width)), null) as x_pct,
    toInt32(floor(y / {{ setting('heatmap_grid_px') }})) as grid_y,
    if(is_on_element, toUInt8(floor(20 * (x - target_left) / target_width)), null) as element_x,
    if(is_on_element, toUInt8(floor(20 * (y - target_top) / target_height)), null) as element_y,
    count() as click_count,
    event_date as day
from clicks
group by all
