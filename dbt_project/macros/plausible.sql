{#- What a device measured, as far as it can be: null for a negative value or one above its limit. -#}

{# Column -> setting with its greatest value; none: no limit. #}
{% macro measured_columns() -%}
    {{ return({
        'time_on_page_ms': 'plausible.max_time_on_page_ms',
        'request_duration_ms': 'plausible.max_request_ms',
        'lcp': 'plausible.max_vital_ms',
        'fid': 'plausible.max_vital_ms',
        'ttfb': 'plausible.max_vital_ms',
        'inp': 'plausible.max_vital_ms',
        'fcp': 'plausible.max_vital_ms',
        'load_complete': 'plausible.max_vital_ms',
        'cls': none,
    }) }}
{%- endmacro %}

{# A websocket may stay open for days, so of its time only the sign is judged. #}
{% macro _cannot_be(column, table) -%}
    {%- set limit = measured_columns()[column] -%}
    {%- set value = table ~ '.' ~ column -%}
    ifNull({{ value }} < 0
    {%- if limit %} or {{ "request_type != 'websocket' and " if column == 'request_duration_ms' }}{{ value }} > {{ setting(limit) }}{% endif %}, false)
{%- endmacro %}

{% macro plausible(column, table) -%}
    if({{ _cannot_be(column, table) }}, null, {{ table }}.{{ column }})
{%- endmacro %}

{#- How many values of a row cannot be. -#}
{% macro implausible_count(table) -%}
    toUInt8(
    {%- for column in measured_columns() %}
        {{ _cannot_be(column, table) }}{{ ' +' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}
