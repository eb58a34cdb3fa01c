{#- One row per click or change of a field that its SDK tells in parts: where it was, and what it hit, from the
    details told apart from it (docs/sdks.md). A table: every reading of raw joins it, and few sessions have any. -#}
{{ config(schema='intermediate', order_by='(project_id, session_id, event_id)') }}

with told as (
    select
        project_id,
        session_id,
        event_id,
        event_type,
        timestamp,
        url,
        custom_name,
        click_x,
        click_y,
        scroll_top,
        payload,
        JSONExtractString(custom, 'rrweb_node') as node,
        JSONExtractString(custom, 'rrweb_window') as recorded_window
    from {{ source('raw', 'events').render() }} final
    where
        event_type in ('click', 'dblclick', 'context_menu', 'input_change', 'scroll', 'click_detail')
        and (project_id, session_id) in (
            select project_id, session_id
            from {{ source('raw', 'events') }}
            where {{ in_planned_sessions() }} and event_type = 'click_detail'
        )
),

parts as (select * from told where event_type not in ('click_detail', 'scroll')),

-- What details say, one row per name.
details as (
    select
        project_id,
        session_id,
        event_id,
        timestamp,
        custom_name,
        payload,
        detail.1 as name,
        detail.2 as value
    from told
    array join JSONExtractKeysAndValues(payload, 'properties', 'String') as detail
    where event_type = 'click_detail' and custom_name in ('nodes', '$$heatmap')
),

-- What each number of a recording's elements means, from the moment it is told.
elements as (
    select
        project_id,
        session_id,
        timestamp as told_at,
        JSONExtractString(payload, 'category') as recorded_window,
        name as node,
        value as target
    from details
    where custom_name = 'nodes'
),

hits as (
    select
        project_id,
        session_id,
        event_id,
        argMax(target, told_at) as target
    from parts
    inner join elements using (project_id, session_id, recorded_window, node)
    where told_at <= timestamp
    group by project_id, session_id, event_id
),

unplaced as (select * from parts where event_type = 'click' and click_x is null),

-- How far each session's page was scrolled, from each moment on.
scrolled as (
    select
        project_id,
        session_id,
        arraySort(groupArray((
            timestamp,
            if(event_type = 'scroll', ifNull(scroll_top, 0), toInt32OrZero(JSONExtractString(payload, 'properties', 'top')))
        ))) as tops
    from told
    where event_type = 'scroll' or (event_type = 'click_detail' and custom_name = 'snapshot')
    group by project_id, session_id
),

-- Clicks that an SDK recorded where they were in the viewport, of each session in order.
recorded as (
    select
        project_id,
        session_id,
        arraySort(groupArray((
            timestamp,
            event_id,
            click_x,
            accurateCastOrNull(click_y + arrayLast(top -> top.1 <= timestamp, tops).2, 'Int32')
        ))) as recorded_clicks
    from (select * from told where event_type = 'click_detail' and click_x is not null) as clicks
    left join scrolled using (project_id, session_id)
    group by project_id, session_id
),

placed as (
    select
        project_id,
        session_id,
        event_id,
        arraySort(
            one -> (abs(dateDiff('millisecond', one.1, timestamp)), one.1, toString(one.2)),
            arrayFilter(one -> abs(dateDiff('millisecond', one.1, timestamp)) <= 250, recorded_clicks)
        )[1] as recorded_click
    from unplaced
    inner join recorded using (project_id, session_id)
),

-- Where clicks were, page by page in order, without their times.
reports as (
    select
        project_id,
        session_id,
        (timestamp, toString(event_id)) as reported_at,
        name as url,
        JSONExtract(value, 'Array(Array(Int32))') as points
    from details
    where custom_name = '$$heatmap'
),

-- A click is in the first report after it.
reported as (
    select
        project_id,
        session_id,
        event_id,
        url,
        any(timestamp) as clicked_at,
        min(reported_at) as in_report,
        argMin(points, reported_at) as points
    from unplaced
    inner join reports using (project_id, session_id, url)
    where reported_at.1 >= timestamp
    group by project_id, session_id, event_id, url
),

numbered as (
    select
        project_id,
        session_id,
        event_id,
        points,
        row_number() over (
            partition by project_id, session_id, in_report, url order by clicked_at, toString(event_id)
        ) as number,
        count() over (partition by project_id, session_id, in_report, url) as clicks
    from reported
)

select
    project_id,
    session_id,
    event_id,
    target as hit,
    multiIf(
        clicks > 0 and clicks = length(points), points[number][1],
        recorded_click.3 is not null, recorded_click.3,
        null
    ) as x,
    multiIf(
        clicks > 0 and clicks = length(points), points[number][2],
        recorded_click.4 is not null, recorded_click.4,
        null
    ) as y
from (select project_id, session_id, event_id from parts) as told_in_parts
left join hits using (project_id, session_id, event_id)
left join placed using (project_id, session_id, event_id)
left join numbered using (project_id, session_id, event_id)
