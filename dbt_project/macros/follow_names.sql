{#- Gives columns their new names in a table that is there, values included: sessions that nothing rebuilds any more
    (docs/retention.md) keep theirs. A column's former name is `meta: {was: …}` in its contract. A column of the sort or
    partition key cannot be renamed, so the rows move to a new table in its place.
    `live`: type by name of the table's columns; gets the new names. -#}
{% macro follow_names(live) %}
    {%- set former = {} -%}
    {%- for column in model.columns.values() -%}
        {%- set was = column.config.meta.was -%}
        {%- if was in live and column.name not in live -%}
            {%- do former.update({column.name: was}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if former -%}
        {%- set renamed = this.incorporate(path={'identifier': this.identifier ~ '__renamed'}) -%}
        {%- do run_query('drop table if exists ' ~ renamed) -%}
        {%- do run_query(
            'create table ' ~ renamed ~ get_table_columns_and_constraints() ~ engine_clause()
            ~ order_cols(label=' order by') ~ partition_cols(label=' partition by')
        ) -%}
        {%- set kept = model.columns.keys() | select('in', live) | list -%}
        {%- do run_query(
            'insert into ' ~ renamed ~ ' (' ~ (kept + former.keys() | list) | join(', ') ~ ') '
            ~ 'select ' ~ (kept + former.values() | list) | join(', ') ~ ' from ' ~ this
        ) -%}
        {%- do run_query('exchange tables ' ~ this ~ ' and ' ~ renamed) -%}
        {%- do run_query('drop table ' ~ renamed) -%}
        {%- do live.clear() -%}
        {%- for column in model.columns.values() -%}
            {%- do live.update({column.name: column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
