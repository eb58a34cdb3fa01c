{#- What is in the databases, asked once a run for all that it selects, before the first model. -#}

{% macro live_relation(relation) -%}
    {{ return(graph['live'].get(relation.schema ~ '.' ~ relation.identifier)) }}
{%- endmacro %}

{#- Keeps them in `graph`, which all nodes of a run share. -#}
{% macro look_at_live_relations() -%}
    {%- set nodes = [] -%}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources and node.resource_type in ['model', 'seed'] -%}
        {%- do nodes.append(node) -%}
    {%- endfor -%}
    {%- set live = _live_relations(nodes | map(attribute='schema') | unique | list) if nodes else {} -%}
    {%- for row in _with_planned_rows(nodes, live) -%}
        {%- do live[row[0]].update({'has_planned_rows': true}) -%}
    {%- endfor -%}
    {%- do graph.update({'live': live}) -%}
{%- endmacro %}

{% macro _live_relations(databases) -%}
    {%- set live = {} -%}
    {%- set query -%}
        select
            tables.database, tables.name, tables.engine, tables.comment, tables.total_rows,
            toJSONString(groupArray((columns.name, columns.type, columns.comment)))
        from system.tables as tables
        inner join system.columns as columns on columns.database = tables.database and columns.table = tables.name
        where tables.database in ('{{ databases | join("', '") }}') and columns.database in ('{{ databases | join("', '") }}')
        group by all
    {%- endset -%}
    {%- for database, name, engine, comment, rows, told in run_query(query) -%}
        {%- set columns = {} -%}
        {%- for column, type, text in fromjson(told) -%}
            {%- do columns.update({column: {'type': type, 'comment': text}}) -%}
        {%- endfor -%}
        {%- do live.update({database ~ '.' ~ name: {'is_view': engine == 'View', 'comment': comment or '', 'rows': rows, 'columns': columns}}) -%}
    {%- endfor -%}
    {{ return(live) }}
{%- endmacro %}

{#- Of the tables that rewrite: those in which rows of the plan are. With --empty nothing is deleted.
    A table without all its columns is about to get them: it counts as having rows. -#}
{% macro _with_planned_rows(nodes, live) -%}
    {%- set queries = [] -%}
    {%- for node in nodes if node.config.materialized == 'rewrite' and not flags.EMPTY -%}
        {%- set name = node.schema ~ '.' ~ node.alias -%}
        {%- if name in live and not live[name].is_view -%}
            {%- set has_all = node.columns | reject('in', live[name].columns) | list | length == 0 -%}
            {%- do queries.append(
                "select '" ~ name ~ "' from (select 1" ~ (
                    " from " ~ name ~ " where " ~ is_in_plan(node.config.grain, node.config.get('day', 'day'))
                    if has_all else ""
                ) ~ " limit 1)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(queries | join(' union all ')) if queries else []) }}
{%- endmacro %}
