{#- One row per event of the planned sessions: one spelling of what is written in several, and no values that cannot
    be. With the others of this folder the only reader of raw. -#}
{{ config(materialized='ephemeral', schema='intermediate', contract={'enforced': false}) }}

with landed as (
    select
        *,
        {{ routed_path("path", "url") }} as routed_path,
        {{ percent_decoded("routed_path") }} as decoded_path,
        {{ relative_url("ifNull(request_url, '')", "url") }} as relative_url,
        {{ percent_decoded("relative_url") }} as decoded_url
    from {{ source('raw', 'events').render() }} final
    where {{ in_planned_sessions() }} and {{ not_on_closed_day('toDate(timestamp)') }}
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
