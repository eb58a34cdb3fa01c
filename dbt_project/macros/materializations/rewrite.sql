{#- A table of which a run rewrites what its plan names, and nothing else (docs/rewrite.md).
    Config: `grain` 'session' | 'day', and for a day's table `day`, its date (default: column `day`). -#}
{% materialization rewrite, adapter='clickhouse' %}
    {%- set table = this.incorporate(type='table') -%}
    {%- set live = live_relation(this) -%}
    {{ run_hooks(pre_hooks) }}

    {%- if live and live.is_view -%}
        {%- do adapter.drop_relation(this.incorporate(type='view')) -%}
        {%- set live = none -%}
    {%- endif -%}
    {%- if not live -%}
        {%- do get_assert_columns_equivalent(sql) -%}
        {%- do create_by_contract(table) -%}
    {%- else -%}
        {%- do follow_names(table, live) -%}
        {%- do follow_contract(table, live, sql) -%}
        {%- if live.has_planned_rows -%}
            {%- call statement('delete') -%}
                delete from {{ table }} where {{ is_in_plan(config.get('grain'), config.get('day', 'day')) }}
            {%- endcall -%}
        {%- endif -%}
    {%- endif -%}
    {%- set columns = quoted(model.columns) -%}
    {%- call statement('main') -%}
        insert into {{ table }} ({{ columns }})
        select {{ columns }} from (
            {{ sql }}
        )
        {{ adapter.get_model_query_settings(model) }}
    {%- endcall -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{#- Which rows a run rewrites. The plan's number is in the text: a replica that replays a delete when the plan
    is over finds the same rows. -#}
{% macro is_in_plan(grain, day) -%}
    {%- if grain not in ['session', 'day'] -%}
        {{ exceptions.raise_compiler_error("config grain is 'session' or 'day', not '" ~ grain ~ "'") }}
    {%- endif -%}
    {%- set key = 'session_id' if grain == 'session' else 'day' -%}
    {%- if target.name == 'dev' -%}
        {%- set planned = 'ops.landed_' ~ grain ~ 's' -%}
    {%- else -%}
        {%- set planned = 'ops.plan_' ~ grain ~ 's where plan_id = ' ~ env_var('HXI_PLAN') | int -%}
    {%- endif -%}
    (project_id, {{ day if grain == 'day' else key }}) in (select project_id, {{ key }} from {{ planned }})
{%- endmacro %}
