{#- A page path without query, fragment and trailing slash; '' stays '', the root stays '/'. -#}
{% macro clean_path(text) -%}
    if({{ text }} = '', '', if(match({{ text }}, '^/*([?#]|$)'), '/', replaceRegexpOne(extract({{ text }}, '^[^?#]*'), '/+$', '')))
{%- endmacro %}

{#- The path of an absolute or relative URL, cleaned; '' for no URL. A slash behind ? or # is none of the path's. -#}
{% macro url_path(url) -%}
    {%- set path = "path(extract(" ~ url ~ ", '^[^?#]*'))" -%}
    if({{ url }} = '', '', {{ clean_path("if(" ~ path ~ " = '', '/', " ~ path ~ ")") }})
{%- endmacro %}

{#- A page's path, else that of its URL, with the route of single-page applications that route by the fragment
    (setting paths.hash_routes). Needs a column project_id. -#}
{% macro routed_path(path, url) -%}
    concat(
        if({{ path }} != '', {{ clean_path(path) }}, {{ url_path(url) }}),
        if({{ setting('paths.hash_routes') }}, {{ hash_route("if(position(" ~ path ~ ", '#') > 0, " ~ path ~ ", " ~ url ~ ")") }}, '')
    )
{%- endmacro %}

{#- The path with `:id` for each segment that a rule of the row's project matches. Needs a column project_id. -#}
{% macro with_ids_collapsed(path, rules) -%}
    {%- set rule = setting(rules) -%}
    if({{ rule }} = '', {{ path }}, arrayStringConcat(
        arrayMap(segment -> if(segment != '' and match(segment, {{ rule }}), ':id', segment), splitByChar('/', {{ path }})), '/'
    ))
{%- endmacro %}
