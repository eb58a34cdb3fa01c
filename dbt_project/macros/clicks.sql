{#- A field of what an event hit: as told with it, else from the details told apart from it. -#}
{% macro completed_target(field) -%}
    if(hit = '', target_{{ field }}, nullIf(JSONExtractString(hit, '{{ field }}'), ''))
{%- endmacro %}
