{#- A rule's constants per row: what the row's project has set instead (docs/settings.md), else the default.
    All overrides of all projects are one constant, read once for a whole query; where nobody has set the name, the
    engine folds all of it away. Each use costs text to parse: name it once in a query, and use the name.
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
        {%- set kind = ["JSONExtractString(value)", literal(default)] -%}
    {%- elif default is sequence and default is not string -%}
        {%- set kind = [_any_of("JSONExtract(value, 'Array(String)')"), literal(_alternatives(default))] -%}
    {%- else -%}
        {{ exceptions.raise_compiler_error("var " ~ name ~ " is neither an integer, a truth value, a text nor a list") }}
    {%- endif -%}
    {{ _overridden(name, kind[0], kind[1]) }}
{%- endmacro %}

{#- As `setting`, of a list of names: a JSON array. -#}
{% macro names_setting(name) -%}
    {{ _overridden(name, "value", literal(tojson(var(name)))) }}
{%- endmacro %}

{#- Points of a problem's code: the seed's `weight` or the project's. Needs columns project_id, code, weight. -#}
{% macro weight_setting() -%}
    if(
        (arrayFirst(told -> told.1 = project_id, {{ _overrides() }}[concat('weights.', code)]) as told_weight).1 = '',
        toInt64(weight),
        toInt64OrZero(told_weight.2)
    )
{%- endmacro %}

{% macro _overridden(name, value, default) -%}
    {%- set told = "told_of_" ~ name | replace('.', '_') -%}
    if(
        empty({{ _overrides() }}['{{ name }}'] as {{ told }}),
        {{ default }},
        transform(project_id, {{ told }}.1, arrayMap(value -> {{ value }}, {{ told }}.2), {{ default }})
    )
{%- endmacro %}

{#- Name -> (project, value as JSON) of whoever has set it. -#}
{% macro _overrides() -%}
    (select groupArrayMap(map(name, (project_id, value))) from ops.project_settings)
{%- endmacro %}

{% macro _any_of(patterns) -%}
    arrayStringConcat(arrayMap(pattern -> concat('^(?:', pattern, ')$'), {{ patterns }}), '|')
{%- endmacro %}

{#- The same of a list known here. -#}
{% macro _alternatives(patterns) -%}
    {%- for pattern in patterns -%}^(?:{{ pattern }})${{ '|' if not loop.last }}{%- endfor -%}
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
