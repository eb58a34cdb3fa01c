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

{#- A request's URL without query and fragment: of the page's own origin relative, of another with it. What is relative
    to the page is made whole; of data:, blob: and the like the scheme is all that says where it went. -#}
{% macro relative_url(url, page_url) -%}
    {%- set plain = "extract(" ~ url ~ ", '^[^?#]*')" -%}
    {%- set absolute = "if(startsWith(" ~ plain ~ ", '//'), concat(extract(" ~ page_url ~ ", '^[a-zA-Z]*:'), " ~ plain ~ "), " ~ plain ~ ")" -%}
    {%- set origin = url_origin(absolute) -%}
    {%- set page_path = "path(extract(" ~ page_url ~ ", '^[^?#]*'))" -%}
    multiIf(
        {{ origin }} != '' and {{ origin }} != {{ url_origin(page_url) }}, concat({{ origin }}, path({{ absolute }})),
        {{ origin }} != '', if(path({{ absolute }}) = '', '/', path({{ absolute }})),
        match({{ plain }}, '^[a-zA-Z][a-zA-Z0-9+.-]*:'), extract({{ plain }}, '^[^:]*:'),
        {{ url }} != '' and {{ plain }} = '', if({{ page_path }} = '', '/', {{ page_path }}),
        {{ without_dot_segments("if(match(" ~ plain ~ ", '^[^/]'), concat(if(" ~ page_path ~ " = '', '/', extract(" ~ page_path ~ ", '^(.*/)')), " ~ plain ~ "), " ~ plain ~ ")") }}
    )
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
