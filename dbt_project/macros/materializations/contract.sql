{#- Tables are what their contracts say: columns, types and comments. -#}

{% macro create_by_contract(table) -%}
    {%- call statement('create') -%}
        create table {{ table }} (
            {%- for column in model.columns.values() %}
            {{ column_by_contract(column) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
        {{ engine_clause() }}
        {{ order_cols('order by') }}
        {{ partition_cols('partition by') }}
        {{ adapter.get_model_settings(model, config.get('engine', 'MergeTree')) }}
        comment {{ literal(model.description | trim) }}
    {%- endcall -%}
    {{ add_index_and_projections(table) }}
{%- endmacro %}

{#- Sends nothing where the table is as declared. A changed model is planned whole, so columns that are added or
    changed get their values in the same run (docs/decisions/0002-tables-follow-contracts.md). -#}
{% macro follow_contract(table, live, sql) -%}
    {%- set shaped = [] -%}
    {%- set told = [] -%}
    {%- for name, column in model.columns.items() -%}
        {%- set found = live.columns.get(name) -%}
        {%- if not found -%}
            {%- do shaped.append('add column ' ~ column_by_contract(column)) -%}
        {%- elif found.type | replace(' ', '') != column.data_type | replace(' ', '') -%}
            {%- do shaped.append('modify column ' ~ column_by_contract(column)) -%}
        {%- elif found.comment != column.description -%}
            {%- do told.append('comment column ' ~ adapter.quote(name) ~ ' ' ~ literal(column.description)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in live.columns if name not in model.columns -%}
        {%- do shaped.append('drop column ' ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {%- if live.comment != model.description | trim -%}
        {%- do told.append('modify comment ' ~ literal(model.description | trim)) -%}
    {%- endif -%}
    {%- if shaped -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- if shaped or told -%}
        {%- do run_query('alter table ' ~ table ~ ' ' ~ (shaped + told) | join(', ')) -%}
    {%- endif -%}
{%- endmacro %}

{% macro column_by_contract(column) -%}
    {{ adapter.quote(column.name) }} {{ column.data_type }} {{ codec_clause(column.get('codec')) }} comment {{ literal(column.description) }}
{%- endmacro %}

{% macro quoted(names) -%}
    {%- for name in names -%}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}
