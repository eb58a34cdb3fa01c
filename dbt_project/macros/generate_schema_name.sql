{#- Databases (ClickHouse) and schemas (PostgreSQL) carry the names of the stages;
    the dev target puts the developer's own prefix in front. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = custom_schema_name | trim if custom_schema_name else target.schema -%}
    {{ target.schema ~ '_' ~ name if target.name == 'dev' and custom_schema_name else name }}
{%- endmacro %}
