{#- One row per project, page, element and UTC day. -#}
{{ config(
    grain='day',
    day='date',
    order_by='(project_id, path, target_selector, target_tag, target_text, date)',
    partition_by='toYYYYMM(date)',
) }}

select
    project_id,
    path,
    assumeNotNull(target_selector) as target_selector,
    ifNull(target_tag, '') as target_tag,
    ifNull(target_text, '') as target_text,
    count() as click_count,
    event_date as date
from {{ ref('events') }}
where event_type = 'click' and not is_excluded and target_selector != '' and {{ in_planned_days('event_date') }}
group by all
