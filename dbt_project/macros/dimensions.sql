{#- Whether a custom dimension is the product's own: adapters of other SDKs keep notes there for `events`. -#}
{% macro is_own_dimension(name) -%}
    {{ name }} not in ('rrweb_node', 'rrweb_window', 'window_id', 'time_on_page')
{%- endmacro %}

{#- The value of the nth of these names (setting sessions.dimensions), '' for none. -#}
{% macro chosen_dimension(custom, names, n) -%}
    {{ custom }}[JSONExtractString({{ names }}, {{ n }})]
{%- endmacro %}
