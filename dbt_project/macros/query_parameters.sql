{#- A parameter of a URL's own query, whatever the case of its name, decoded as forms are (+ and %20 are blanks); '' if it has none. The URL standard:
    the query begins at the first `?` and ends at `#`, so a parameter within a value or behind the # is another's. -#}
{% macro query_parameter(url, name) -%}
    {{ readable('decodeURLFormComponent(' ~ raw_query_parameter(url, name) ~ ')') }}
{%- endmacro %}

{#- The same as it is written. -#}
{% macro raw_query_parameter(url, name) -%}
    substring(
        arrayFirst(pair -> startsWith(lower(pair), '{{ name }}='), splitByChar('&', {{ url_query(url) }})), {{ name | length + 2 }}
    )
{%- endmacro %}

{% macro url_query(url) -%}
    if(position(cutFragment({{ url }}), '?') = 0, '', substring(cutFragment({{ url }}), position(cutFragment({{ url }}), '?') + 1))
{%- endmacro %}

{#- Decoded text that every client can read: valid UTF-8 (what is none becomes a replacement character), without NUL. -#}
{% macro readable(text) -%}
    replaceAll(toValidUTF8({{ text }}), '\0', '')
{%- endmacro %}

{#- Whether the URL's own query names any of the five. -#}
{% macro has_campaign(url) -%}
    arrayExists(pair -> match(pair, '(?i)^utm_(source|medium|campaign|term|content)='), splitByChar('&', {{ url_query(url) }}))
{%- endmacro %}
