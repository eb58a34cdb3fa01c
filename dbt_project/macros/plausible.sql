{#- What a device measured, as far as it can be: null for a negative value or one above its limit. -#}

{# Column -> the name of its greatest value, as limits() gives it; none: no limit. #}
{% macro measured_columns() -%}
    {{ return({
        'time_on_page_ms': 'max_time_on_page_ms',
        'request_duration_ms': 'max_request_ms',
        'lcp': 'max_vital_ms',
        'fid': 'max_vital_ms',
        'ttfb': 'max_vital_ms',
        'inp': 'max_vital_ms',
        'fcp': 'max_vital_ms',
        'load_complete': 'max_vital_ms',
        'cls': none,
    }) }}
{%- endmacro %}

{#- For the `with` of a query. -#}
{% macro limits() -%}
    {{ setting('plausible.max_time_on_page_ms') }} as max_time_on_page_ms,
    {{ setting('plausible.max_request_ms') }} as max_request_ms,
    {{ setting('plausible.max_vital_ms') }} as max_vital_ms
{%- endmacro %}

{#- Needs limits(). A websocket may stay open for days, so of its time only the sign is judged. -#}
{% macro plausible(column, table) -%}
    {%- set limit = measured_columns()[column] -%}
    {%- set value = table ~ '.' ~ column -%}
    if({{ value }} < 0
    {%- if limit %} or {{ "request_type != 'websocket' and " if column == 'request_duration_ms' }}{{ value }} > {{ limit }}{% endif %}, null, {{ value }})
{%- endmacro %}

{#- How many values of a row cannot be: beside the plausible ones, which are null then. -#}
{% macro implausible_count(table) -%}
    toUInt8(
    {%- for column in measured_columns() -%}
        isNull({{ column }}) - isNull({{ table }}.{{ column }}){{ ' + ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
