{#- The parameters of a URL's own query. The URL standard: the query begins at the first `?` and ends at `#`, so a
    parameter within a value or behind the # is another's. -#}
{% macro query_pairs(url) -%}
    splitByChar('&', queryString(cutFragment({{ url }})))
{%- endmacro %}

{#- One of them, whatever the case of its name, decoded as forms are (+ and %20 are blanks); '' if there is none. -#}
{% macro query_parameter(pairs, name) -%}
    {%- set written = "arrayFirst(pair -> startsWith(lower(pair), '" ~ name ~ "='), " ~ pairs ~ ")" -%}
    {{ readable("decodeURLFormComponent(substring(" ~ written ~ ", " ~ (name | length + 2) ~ "))") }}
{%- endmacro %}

{#- Decoded text that every client can read: valid UTF-8 (what is none becomes a replacement character), without NUL. -#}
{% macro readable(text) -%}
    replaceAll(toValidUTF8({{ text }}), '\0', '')
{%- endmacro %}

{#- Whether they name any of the five. -#}
{% macro has_campaign(pairs) -%}
    arrayExists(pair -> match(pair, '(?i)^utm_(source|medium|campaign|term|content)='), {{ pairs }})
{%- endmacro %}
