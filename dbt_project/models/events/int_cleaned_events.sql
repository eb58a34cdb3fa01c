{#- One row per event of the planned sessions: one spelling of what is written in several, and no values that cannot
    be. With the others of this folder the only reader of raw. -#}
{{ config(materialized='ephemeral', schema='intermediate', contract={'enforced': false}) }}

-- Visitors of SDKs that tell no session, cut by silence; what came since the cut is with the session before it.
with cuts as (
    select
        project_id,
        visitor_id as session_id,
        cut.1 as timestamp,
        toNullable(cut.2) as cut_session_id
    from (
        select project_id, visitor_id, arraySort(groupArray((started_at, session_id))) as sessions
        from {{ source('ops', 'planned_cuts') }}
        group by project_id, visitor_id
    ) as cut_visitors
    array join arrayConcat([(toDateTime64(0, 3, 'UTC'), sessions[1].2)], sessions) as cut
),

told as (
    select
        * except (
            session_id, cut_session_id, x, y, hit,
            click_x, click_y,
            target_selector, target_tag, target_text, target_id, target_href, target_classes, target_attributes
        ),
        ifNull(cut_session_id, session_id) as session_id,
        coalesce(click_x, x) as click_x,
        coalesce(click_y, y) as click_y,
        {{ completed_target('selector') }} as target_selector,
        toLowCardinality({{ completed_target('tag') }}) as target_tag,
        {{ completed_target('text') }} as target_text,
        {{ completed_target('id') }} as target_id,
        {{ completed_target('href') }} as target_href,
        if(hit = '', target_classes, JSONExtract(hit, 'classes', 'Array(String)')) as target_classes,
        if(hit = '', target_attributes, JSONExtract(hit, 'attributes', 'Map(String, String)')) as target_attributes
    from (
        select *
        from {{ source('raw', 'events').render() }} final
        where
            {{ in_planned_sessions() }}
            and {{ not_on_closed_day('toDate(timestamp)') }}
            -- They are no events of their own: what they say is in the clicks.
            and event_type != 'click_detail'
    ) as landed_events
    left join (
        select project_id, session_id, event_id, hit, x, y
        from {{ ref('int_clicks_completed') }}
        where {{ in_planned_sessions() }}
    ) as completed_clicks using (project_id, session_id, event_id)
    asof left join cuts using (project_id, session_id, timestamp)
),

landed as (
    select
        *,
        {{ routed_path("path", "url") }} as routed_path,
        {{ percent_decoded("routed_path") }} as decoded_path,
        {{ relative_url("ifNull(request_url, '')", "url") }} as relative_url,
        {{ percent_decoded("relative_url") }} as decoded_url
    from told
)

select
    * except (routed_path, decoded_path, relative_url, decoded_url, {{ measured_columns() | join(', ') }}),
    {{ sent_order() }} as sent_order,
    {{ with_ids_collapsed('decoded_path', 'paths.id_rules') }} as own_path,
    {{ with_ids_collapsed('decoded_url', 'endpoints.id_rules') }} as endpoint,
    {%- for column in measured_columns() %}
    {{ plausible(column, 'landed') }} as {{ column }},
    {%- endfor %}
    {{ implausible_count('landed') }} as implausible,
    {{ is_foreign_error("ifNull(error_message, '')", "ifNull(error_filename, '')", "ifNull(error_stack, '')") }}
    and not {{ setting('foreign_errors.counted') }} as is_foreign_error
from landed
