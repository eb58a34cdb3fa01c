{#- One row per event of the planned sessions: one spelling of what is written in several, and no values that cannot
    be. All of it in one step: each step more that all these columns pass through is planned anew by every run. -#}
{{ config(materialized='ephemeral', schema='intermediate', contract={'enforced': false}) }}

with
    completed_clicks as (
        select project_id, session_id as landed_session_id, event_id, hit, x, y
        from {{ ref('int_clicks_completed') }}
        where {{ in_planned_sessions() }}
    ),

    {{ own_path_steps() }},
    {{ endpoint_steps() }},
    {{ limits() }},
    {{ setting('users.nobody') }} as nobody,
    {{ setting('foreign_errors.counted') }} as are_foreign_errors_counted

select
    landed_events.* except (
        user_id, click_x, click_y,
        target_selector, target_tag, target_text, target_id, target_href, target_classes, target_attributes,
        {{ measured_columns() | join(', ') }}
    ),
    own_path,
    endpoint,
    {{ event_order_number() }} as order_number,
    {{ known_user('landed_events.user_id', 'nobody') }} as user_id,
    coalesce(landed_events.click_x, x) as click_x,
    coalesce(landed_events.click_y, y) as click_y,
    toLowCardinality({{ completed_target('landed_events', 'tag') }}) as target_tag,
    {%- for field in ['selector', 'text', 'id', 'href'] %}
    {{ completed_target('landed_events', field) }} as target_{{ field }},
    {%- endfor %}
    if(hit = '', landed_events.target_classes, JSONExtract(hit, 'classes', 'Array(String)')) as target_classes,
    if(hit = '', landed_events.target_attributes, JSONExtract(hit, 'attributes', 'Map(String, String)')) as target_attributes,
    {%- for column in measured_columns() %}
    {{ plausible(column, 'landed_events') }} as {{ column }},
    {%- endfor %}
    {{ implausible_count('landed_events') }} as implausible,
    {{ is_foreign_error("ifNull(error_message, '')", "ifNull(error_filename, '')", "ifNull(error_stack, '')") }}
    and not are_foreign_errors_counted as is_foreign_error
from {{ ref('int_landed_events') }} as landed_events
left join completed_clicks using (project_id, landed_session_id, event_id)
