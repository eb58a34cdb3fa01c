{#- A page path without query, fragment and trailing slash; '' stays '', the root stays '/'. -#}
{% macro clean_path(text) -%}
    if({{ text }} = '', '', if(match({{ text }}, '^/*([?#]|$)'), '/', replaceRegexpOne(cutQueryStringAndFragment({{ text }}), '/+$', '')))
{%- endmacro %}

{#- The path of an absolute or relative URL, cleaned; '' for no URL. -#}
{% macro url_path(url) -%}
    if({{ url }} = '', '', {{ clean_path("if(path(" ~ url ~ ") = '', '/', path(" ~ url ~ "))") }})
{%- endmacro %}

{#- The path with `:id` for each segment that a rule of the row's project matches (setting paths.id_rules).
    Needs a column project_id. -#}
{% macro without_ids(path) -%}
    {%- set rule = setting('paths.id_rules') -%}
    if({{ rule }} = '', {{ path }}, arrayStringConcat(
        arrayMap(segment -> if(segment != '' and match(segment, {{ rule }}), ':id', segment), splitByChar('/', {{ path }})), '/'
    ))
{%- endmacro %}
