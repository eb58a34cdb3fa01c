{#- Brings a table that is there to its contract's columns, before rows are written: the adapter looks at
    `on_schema_change` only for models with a unique key. A changed model is planned whole, so columns
    that are added or changed get their values in the same run. -#}
{% macro follow_contract() %}
    {%- if is_incremental() and execute -%}
        {%- set live = {} -%}
        {%- for column in adapter.get_columns_in_relation(this) -%}
            {%- do live.update({column.name: column.dtype}) -%}
        {%- endfor -%}
        {%- do follow_names(live) -%}
        {%- set declared = {} -%}
        {%- for column in model.columns.values() -%}
            {%- do declared.update({column.name: column.data_type}) -%}
        {%- endfor -%}
        {%- for name, type in declared.items() -%}
            {%- if name not in live -%}
                {%- do run_query('alter table ' ~ this ~ ' add column ' ~ name ~ ' ' ~ type) -%}
            {%- elif live[name] | replace(' ', '') != type | replace(' ', '') -%}
                {%- do run_query('alter table ' ~ this ~ ' modify column ' ~ name ~ ' ' ~ type) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for name in live if name not in declared -%}
            {%- do run_query('alter table ' ~ this ~ ' drop column ' ~ name) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
