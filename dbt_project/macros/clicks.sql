{#- A field of what an event hit: as told with it, else from the details told apart from it. -#}
{% macro completed_target(table, field) -%}
    if(hit = '', {{ table }}.target_{{ field }}, nullIf(JSONExtractString(hit, '{{ field }}'), ''))
{%- endmacro %}
