{#- Percent-encoding undone where it is valid UTF-8, run by run; what stays encoded (bytes that are no text, control
    characters, and / ? # whose meaning would change) has its hex in upper case. -#}
{% macro percent_decoded(text) -%}
    {%- set run = '(?:%(?:2[0-24-9A-Ea-e]|3[0-9A-Ea-e]|[4-689A-Fa-f][0-9A-Fa-f]|7[0-9A-Ea-e]))+' -%}
    if(position({{ text }}, '%') = 0, {{ text }}, arrayStringConcat(arrayMap(
        part -> multiIf(
            not startsWith(part, '%'), part,
            match(part, '^{{ run }}$') and isValidUTF8(decodeURLComponent(part)), decodeURLComponent(part),
            upper(part)
        ),
        extractAll({{ text }}, '{{ run }}|%[0-9a-fA-F]{2}|[^%]+|%')
    )))
{%- endmacro %}

{#- The route in a URL's fragment (#/cart, #!/cart), without its query and trailing slash; '' for any other. -#}
{% macro hash_route(url) -%}
    replaceRegexpOne(extract({{ url }}, '^[^#]*(#!?/[^?#]*)'), '^#!?/+$|/+$', '')
{%- endmacro %}

{#- Whether two URLs are of hosts of one registered domain; hosts without one (localhost, addresses) must be equal. -#}
{% macro is_same_site(url, other) -%}
    (domain({{ url }}) != '' and {{ _site(url) }} = {{ _site(other) }})
{%- endmacro %}

{% macro _site(url) -%}
    {%- set host = "lower(domain(" ~ url ~ "))" -%}
    {%- set registered = "cutToFirstSignificantSubdomain(lower(" ~ url ~ "))" -%}
    if({{ registered }} = '' or isIPv4String({{ host }}), {{ host }}, {{ registered }})
{%- endmacro %}

{#- scheme://host:port of a URL in lower case, the scheme's usual port and who asks left out; '' for a relative one. -#}
{% macro url_origin(url) -%}
    replaceRegexpOne(
        lower(replaceRegexpOne(extract({{ url }}, '^([a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)'), '//.*@', '//')),
        '^(?:(http://.*):80|(https://.*):443)$', '\\1\\2'
    )
{%- endmacro %}

{#- A request's URL without query and fragment, step by step, for the `with` of a query: of the page's own origin
    relative, of another with it. What is relative to the page is made whole; of data:, blob: and the like the scheme is
    all that says where it went. `endpoint` is decoded and has `:id` for segments that are ids. Needs columns project_id,
    request_url, url and own_path_steps(). -#}
{% macro endpoint_steps() -%}
    {{ setting('endpoints.id_rules') }} as id_in_endpoint,
    extract(ifNull(request_url, ''), '^[^?#]*') as asked_url,
    if(startsWith(asked_url, '//'), concat(extract(url, '^[a-zA-Z]*:'), asked_url), asked_url) as absolute_url,
    {{ url_origin('absolute_url') }} as asked_origin,
    path(absolute_url) as asked_path,
    if(match(asked_url, '^[^/]'), concat(extract(url_page, '^(.*/)'), asked_url), asked_url) as path_from_page,
    multiIf(
        asked_origin != '' and asked_origin != {{ url_origin('url') }}, concat(asked_origin, asked_path),
        asked_origin != '', {{ rooted('asked_path') }},
        match(asked_url, '^[a-zA-Z][a-zA-Z0-9+.-]*:'), extract(asked_url, '^[^:]*:'),
        request_url != '' and asked_url = '', url_page,
        {{ without_dot_segments('path_from_page') }}
    ) as relative_url,
    {{ percent_decoded('relative_url') }} as decoded_url,
    {{ with_ids_collapsed('decoded_url', 'id_in_endpoint') }} as endpoint
{%- endmacro %}

{#- A path with `.` and `..` followed, as browsers ask for it. -#}
{% macro without_dot_segments(path) -%}
    if(
        match({{ path }}, '(?:^|/)\\.{1,2}(?:/|$)'),
        arrayStringConcat(arrayFold(
            (kept, segment) -> multiIf(
                segment = '.', kept,
                segment = '..', if(length(kept) > 1, arrayPopBack(kept), kept),
                arrayPushBack(kept, segment)
            ),
            splitByChar('/', {{ path }}), CAST([], 'Array(String)')
        ), '/'),
        {{ path }}
    )
{%- endmacro %}
