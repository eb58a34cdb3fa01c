{#- What errors are and which are alike. -#}

{#- Errors that count as the page's own. -#}
{% macro is_error() -%}
    (event_type in ('js_error', 'unhandled_rejection', 'resource_error', 'console_error') and not is_foreign_error)
{%- endmacro %}

{#- Says nothing: the browser hides what went wrong in a script of another origin. -#}
{% macro is_opaque_error(message) -%}
    match({{ message }}, '(?i)^(?:uncaught )?script error\\.?$')
{%- endmacro %}

{#- Not the page's doing: thrown in a browser extension, or ResizeObserver's notice that it goes on in the next frame. -#}
{% macro is_foreign_error(message, filename, stack) -%}
    (
        match(
            if({{ filename }} != '', {{ filename }}, extract({{ stack }}, '[a-zA-Z][a-zA-Z-]*://[^\\s)]*')),
            '^(?i:[a-z-]*-extension|webkit-masked-url|chrome|resource)://'
        )
        or match({{ message }}, '(?i)^(?:uncaught )?(?:error: )?ResizeObserver loop ')
    )
{%- endmacro %}

{#- The message with what differs between alike errors as `?`: quoted text, ids, addresses, content hashes, numbers. An
    apostrophe within a word quotes nothing. -#}
{% macro error_pattern(message) -%}
    {%- set single = "(^|[\\\\s(\\\\[{=:,])''[^'']*''($|[\\\\s)\\\\]}=:,.;!?])" -%}
    {%- set quoted = _replaced(message, '"[^"]*"|“[^”]*”|‘[^’]*’|«[^»]*»|`[^`]*`', '?') -%}
    {{ name_pattern(_replaced(_replaced(quoted, single, '\\\\1?\\\\2'), single, '\\\\1?\\\\2')) }}
{%- endmacro %}

{#- A name of a script likewise, which has no quotes. -#}
{% macro name_pattern(name) -%}
    {%- set hex = _with_a_digit('[a-fA-F]', '[0-9a-fA-F]') -%}
    {%- set word = _with_a_digit('[A-Za-z]', '[0-9A-Za-z_]') -%}
    {%- set uuid_or_ulid = '\\\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\\\b|\\\\b[0-7][0-9a-hjkmnp-tv-z]{25}\\\\b' -%}
    {%- set address = '[\\\\w.+-]+@[\\\\w-]+(?:\\\\.[\\\\w-]+)+' -%}
    {%- set ids = _replaced(name, '(?i)' ~ uuid_or_ulid ~ '|\\\\b0x[0-9a-f]+\\\\b|' ~ address, '?') -%}
    {%- set files = _replaced(ids, '([.~_-])(?:' ~ word ~ '|' ~ _hash_of_a_bundler() ~ ')((?:\\\\.[a-z]+)*\\\\.(?:m?js|css|wasm|json|map)\\\\b)', '\\\\1?\\\\2') -%}
    {{ _replaced(_replaced(files, '\\\\b(?:' ~ hex ~ ')\\\\b', '?'), '[-+]?\\\\d(?:[\\\\d,.]*\\\\d)?(?:[eE][-+]?\\\\d+)?', '?') }}
{%- endmacro %}

{#- 8 characters of base64, as bundlers put them into names: a digit or a capital beyond the first. A fifth of them has
    no digit, and `-` may be among them. -#}
{% macro _hash_of_a_bundler() -%}
    {%- for place in range(1, 8) -%}
        {{ '[\\\\w-]{' ~ place ~ '}[0-9A-Z][\\\\w-]{' ~ (7 - place) ~ '}' }}{{ '|' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- At least 6 characters of `any`, a digit among them: RE2 cannot look ahead, so its place is spelled out. -#}
{% macro _with_a_digit(letter, any) -%}
    {%- for place in range(5) -%}
        {{ letter }}{{ '{' ~ place ~ '}' }}[0-9]{{ any }}{{ '{' ~ (5 - place) ~ ',}' }}|
    {%- endfor -%}
    {{ letter }}{5,}[0-9]{{ any }}*
{%- endmacro %}

{% macro _replaced(text, pattern, by) -%}
    replaceRegexpAll({{ text }}, '{{ pattern }}', '{{ by }}')
{%- endmacro %}
