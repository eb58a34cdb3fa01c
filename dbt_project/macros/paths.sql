{#- The path of a page of its own, step by step, for the `with` of a query: `url_page`, the path of its URL alone;
    `routed_path`, with the route of single-page applications that route by the fragment (setting paths.hash_routes);
    `own_path`, decoded and with `:id` for each segment that a rule of the row's project matches; '' without one.
    Needs columns project_id, path, url. -#}
{% macro own_path_steps() -%}
    {{ setting('paths.hash_routes') }} as has_hash_routes,
    {{ setting('paths.id_rules') }} as id_in_path,
    {{ rooted("path(extract(url, '^[^?#]*'))") }} as url_page,
    multiIf(path != '', path, url != '', url_page, '') as told_path,
    if(position(path, '#') > 0, path, url) as told_fragment,
    concat({{ clean_path('told_path') }}, if(has_hash_routes, {{ hash_route('told_fragment') }}, '')) as routed_path,
    {{ percent_decoded('routed_path') }} as decoded_path,
    {{ with_ids_collapsed('decoded_path', 'id_in_path') }} as own_path
{%- endmacro %}

{#- A page path without query, fragment and trailing slash; '' stays '', the root stays '/'. -#}
{% macro clean_path(text) -%}
    if({{ text }} = '', '', {{ rooted("replaceRegexpOne(extract(" ~ text ~ ", '^[^?#]*'), '/+$', '')") }})
{%- endmacro %}

{#- A path, '/' for none. -#}
{% macro rooted(path) -%}
    coalesce(nullIf({{ path }}, ''), '/')
{%- endmacro %}

{#- The path with `:id` for each segment that the rule matches; '' matches none. -#}
{% macro with_ids_collapsed(path, rule) -%}
    if({{ rule }} = '', {{ path }}, arrayStringConcat(
        arrayMap(segment -> if(segment != '' and match(segment, {{ rule }}), ':id', segment), splitByChar('/', {{ path }})), '/'
    ))
{%- endmacro %}
