{#- One row per event of the planned sessions: one spelling of what is written in several, and no values that cannot
    be. -#}
{{ config(materialized='ephemeral', schema='intermediate', contract={'enforced': false}) }}

with told as (
    select
        * except (
            landed_session_id, x, y, hit,
            click_x, click_y,
            target_selector, target_tag, target_text, target_id, target_href, target_classes, target_attributes
        ),
        coalesce(click_x, x) as click_x,
        coalesce(click_y, y) as click_y,
        {{ completed_target('selector') }} as target_selector,
        toLowCardinality({{ completed_target('tag') }}) as target_tag,
        {{ completed_target('text') }} as target_text,
        {{ completed_target('id') }} as target_id,
        {{ completed_target('href') }} as target_href,
        if(hit = '', target_classes, JSONExtract(hit, 'classes', 'Array(String)')) as target_classes,
        if(hit = '', target_attributes, JSONExtract(hit, 'attributes', 'Map(String, String)')) as target_attributes
    from {{ ref('int_landed_events') }} as landed_events
    left join (
        select project_id, session_id as landed_session_id, event_id, hit, x, y
        from {{ ref('int_clicks_completed') }}
        where {{ in_planned_sessions() }}
    ) as completed_clicks using (project_id, landed_session_id, event_id)
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
    {{ with_ids_collapsed('decoded_path', 'paths.id_rules') }} as own_path,
    {{ with_ids_collapsed('decoded_url', 'endpoints.id_rules') }} as endpoint,
    {%- for column in measured_columns() %}
    {{ plausible(column, 'landed') }} as {{ column }},
    {%- endfor %}
    {{ implausible_count('landed') }} as implausible,
    {{ is_foreign_error("ifNull(error_message, '')", "ifNull(error_filename, '')", "ifNull(error_stack, '')") }}
    and not {{ setting('foreign_errors.counted') }} as is_foreign_error
from landed
