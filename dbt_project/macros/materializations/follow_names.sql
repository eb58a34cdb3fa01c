{#- Gives columns their new names in a table that is there, values included: sessions that nothing rebuilds any more
    (docs/retention.md) keep theirs. A column's former name is `meta: {was: …}` in its contract. A column of the sort or
    partition key cannot be renamed, so the rows move to a new table in its place. -#}
{% macro follow_names(table, live) %}
    {%- set former = {} -%}
    {%- for column in model.columns.values() -%}
        {%- set was = column.config.meta.was -%}
        {%- if was in live.columns and column.name not in live.columns -%}
            {%- do former.update({column.name: was}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if former -%}
        {%- set renamed = table.incorporate(path={'identifier': table.identifier ~ '__renamed'}) -%}
        {%- do run_query('drop table if exists ' ~ renamed) -%}
        {%- do create_by_contract(renamed) -%}
        {%- set kept = model.columns.keys() | select('in', live.columns) | list -%}
        {%- do run_query(
            'insert into ' ~ renamed ~ ' (' ~ quoted(kept + former.keys() | list) ~ ') '
            ~ 'select ' ~ quoted(kept + former.values() | list) ~ ' from ' ~ table
        ) -%}
        {%- do run_query('exchange tables ' ~ table ~ ' and ' ~ renamed) -%}
        {%- do run_query('drop table ' ~ renamed) -%}
        {%- do live.update({'comment': model.description | trim, 'columns': {}}) -%}
        {%- for column in model.columns.values() -%}
            {%- do live.columns.update({column.name: {'type': column.data_type, 'comment': column.description}}) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
