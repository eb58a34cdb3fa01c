{#- Views and seeds are made anew only when they changed: a digest of what they were made from is in their comment. -#}

{% materialization view, adapter='clickhouse' %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set live = live_relation(this) -%}
    {%- set comment = _with_digest(model.description, sql) -%}
    {{ run_hooks(pre_hooks) }}

    {%- if live and live.is_view and live.comment == comment -%}
        {%- call noop_statement('main', 'UNCHANGED') -%}{{ sql }}{%- endcall -%}
    {%- else -%}
        {%- if live and not live.is_view -%}
            {%- do adapter.drop_relation(this.incorporate(type='table')) -%}
        {%- endif -%}
        {%- do get_assert_columns_equivalent(sql) -%}
        {%- call statement('main') -%}
            create or replace view {{ view }} (
                {%- for column in model.columns.values() %}
                {{ column_by_contract(column) }}{{ ',' if not loop.last }}
                {%- endfor %}
            ) as (
                {{ sql }}
            )
            comment {{ literal(comment) }}
        {%- endcall -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}


{% materialization seed, adapter='clickhouse' %}
    {%- set table = this.incorporate(type='table') -%}
    {%- set live = live_relation(this) -%}
    {%- set comment = _with_digest(model.description, model.checksum.checksum ~ tojson(config.get('column_types'))) -%}
    {%- set rows = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {{ run_hooks(pre_hooks) }}

    {%- if live and live.comment == comment and live.rows | int == rows.rows | length -%}
        {%- call noop_statement('main', 'UNCHANGED') -%}{%- endcall -%}
    {%- else -%}
        {%- if live -%}
            {%- do adapter.drop_relation(table) -%}
        {%- endif -%}
        {%- do create_csv_table(model, rows) -%}
        {%- do load_csv_rows(model, rows) -%}
        {%- call statement('main') -%}
            alter table {{ table }} modify comment {{ literal(comment) }}
            {%- for name, column in model.columns.items() %}, comment column {{ adapter.quote(name) }} {{ literal(column.description) }}{% endfor %}
        {%- endcall -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{% macro _with_digest(description, made_from) -%}
    {{ description | trim }} [{{ local_md5(made_from ~ description)[:8] }}]
{%- endmacro %}
