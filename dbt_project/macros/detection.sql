{#- A row of a signal says what was found, or that a session or click cannot be judged. -#}
{% macro is_detection() -%}
    JSONExtractString(details, 'grade') != 'not_measurable'
{%- endmacro %}
