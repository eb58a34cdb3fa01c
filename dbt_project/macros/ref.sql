{#- On the target `dev`, what a developer has not built is read where it is served: a model can be tried alone. -#}

{% macro ref() -%}
    {{ return(_built_or_served(builtins.ref(*varargs, **kwargs))) }}
{%- endmacro %}

{% macro _built_or_served(relation) -%}
    {%- set own = target.schema ~ '_' -%}
    {%- if relation.is_cte -%}
        {{ return(relation.incorporate(limit=none)) }} {#- --empty: what it reads is empty -#}
    {%- endif -%}
    {%- if execute and target.name == 'dev' and relation.schema.startswith(own) and not load_cached_relation(relation) -%}
        {{ return(relation.incorporate(path={'schema': relation.schema[own | length:]})) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{#- The catalog of `dbt docs generate` follows the same rule. -#}
{% macro clickhouse__get_catalog_relations(information_schema, relations) -%}
    {%- set found = [] -%}
    {%- set moved = {} -%}
    {%- for relation in relations -%}
        {%- set at = _built_or_served(relation) -%}
        {%- do found.append(at) -%}
        {%- do moved.update({at.schema ~ '.' ~ at.identifier: relation.schema}) if at.schema != relation.schema -%}
    {%- endfor -%}
    {%- call statement('catalog', fetch_result=True) -%}
        select * replace (
            transform(table_schema || '.' || table_name, {{ _texts(moved.keys()) }}, {{ _texts(moved.values()) }}, table_schema) as table_schema
        )
        from ({{ clickhouse__get_catalog_results_sql(clickhouse__get_catalog_relations_where_clause_sql(found)) }})
        order by table_schema, table_name, column_index
    {%- endcall -%}
    {{ return(load_result('catalog').table) }}
{%- endmacro %}

{#- Inputs of unit tests have the columns of their contracts: no table need be there. -#}
{% macro clickhouse__get_columns_in_relation(relation) -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] and [node.schema, node.alias] == [relation.schema, relation.identifier] -%}
        {%- set columns = [] -%}
        {%- for column in node.columns.values() -%}
            {%- do columns.append(api.Column.create(column.name, column.data_type or node.config.column_types[column.name])) -%}
        {%- endfor -%}
        {{ return(columns) }}
    {%- endfor -%}
    {{ return(dbt.clickhouse__get_columns_in_relation(relation)) }}
{%- endmacro %}
