{#- A rule's constants per row: what the row's project has set instead (docs/settings.md), else the default.
    The overrides are one constant for a whole query; where nobody has any, the engine folds all of it away.
    No source(), so that unit tests of models need not give one more input. -#}

{#- The var `name` or its override: a number, a truth value, a text, or for a list of regular expressions one that
    matches what any of them matches whole ('' for none). Needs a column project_id. -#}
{% macro setting(name) -%}
    {%- set default = var(name) -%}
    {%- if default is boolean -%}
        {%- set kind = ["toBool(value = 'true')", default | lower] -%}
    {%- elif default is integer -%}
        {%- set kind = ["toInt64(value)", "toInt64(" ~ default ~ ")"] -%}
    {%- elif default is string -%}
        {%- set kind = ["JSONExtractString(value)", "'" ~ default ~ "'"] -%}
    {%- elif default is sequence and default is not string -%}
        {%- set kind = [_any_of("JSONExtract(value, 'Array(String)')"), _any_of(_texts(default))] -%}
    {%- else -%}
        {{ exceptions.raise_compiler_error("var " ~ name ~ " is neither an integer, a truth value, a text nor a list") }}
    {%- endif -%}
    {{ _overridden("project_id", "project_id", kind[0], "name = '" ~ name ~ "'", kind[1]) }}
{%- endmacro %}

{#- As `setting`, of a list of names: a JSON array. -#}
{% macro names_setting(name) -%}
    {{ _overridden("project_id", "project_id", "value", "name = '" ~ name ~ "'", literal(tojson(var(name)))) }}
{%- endmacro %}

{#- Points of a problem's code: the seed's `weight` or the project's. Needs columns project_id, code, weight. -#}
{% macro weight_setting() -%}
    {{ _overridden(
        "concat(project_id, '/weights.', code)", "concat(project_id, '/', name)", "toInt64(value)",
        "startsWith(name, 'weights.')", "toInt64(weight)"
    ) }}
{%- endmacro %}

{% macro _overridden(key, keys, values, where, default) -%}
    {%- set found -%}
        (select (groupArray({{ keys }}), groupArray({{ values }})) from ops.project_settings where {{ where }})
    {%- endset -%}
    if(empty({{ found }}.1), {{ default }}, transform({{ key }}, {{ found }}.1, {{ found }}.2, {{ default }}))
{%- endmacro %}

{% macro _any_of(patterns) -%}
    arrayStringConcat(arrayMap(pattern -> concat('^(?:', pattern, ')$'), {{ patterns }}), '|')
{%- endmacro %}

{% macro _texts(values) -%}
    CAST([
    {%- for value in values -%}
        {{ literal(value) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    ], 'Array(String)')
{%- endmacro %}

{% macro literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
