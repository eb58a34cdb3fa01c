{#- Runs before any model. dev: makes a plan of everything in the developer's own databases.
    clickhouse: refuses whoever does not hold the lease. -#}
{% macro prepare_target() -%}
    {%- if execute and target.name == 'dev' -%}
        {{ _make_dev_plan(target.schema ~ '_ops') }}
    {%- elif execute and target.name == 'clickhouse' and not env_var('HXI_HOLDS_LEASE', '') -%}
        {{ exceptions.raise_compiler_error(
            "the served tables are written by `hxi run` alone, which holds the lease and has a plan; "
            ~ "to try a change, build into your own databases with `--target dev`"
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro _make_dev_plan(database) -%}
    {% do run_query('create database if not exists ' ~ database) %}
    {% do run_query(
        'create or replace view ' ~ database ~ '.planned_sessions as '
        ~ 'select project_id, session_id, sum(n) as n from raw.session_index group by project_id, session_id'
    ) %}
    {% do run_query(
        'create or replace view ' ~ database ~ '.planned_days as '
        ~ 'select distinct project_id, toDate(timestamp) as day from raw.events'
    ) %}
    {%- for same in ['project_settings', 'closed_days', 'expired_replays'] %}
    {% do run_query('create or replace view ' ~ database ~ '.' ~ same ~ ' as select * from ops.' ~ same) %}
    {%- endfor %}
{%- endmacro %}
