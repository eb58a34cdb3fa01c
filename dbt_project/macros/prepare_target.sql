{#- Runs before any model. clickhouse: refuses whoever does not hold the lease and has no plan. -#}
{% macro prepare_target() -%}
    {%- if execute and target.type == 'clickhouse' -%}
        {%- if target.name == 'clickhouse' and not env_var('HXI_PLAN', '') -%}
            {{ exceptions.raise_compiler_error(
                "the served tables are written by `hxi run` alone, which holds the lease and has a plan; "
                ~ "to try a change, build into your own databases with `--target dev`"
            ) }}
        {%- endif -%}
        {%- do look_at_live_relations() -%}
    {%- endif -%}
{%- endmacro %}
