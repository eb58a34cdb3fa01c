{#- An event's payload as sent; custom dimensions under `custom`. -#}
{% macro event_metadata() -%}
    case
        when custom in ('', '{}') then {{ json_object('payload') }}
        else {{ json_object('payload') }} || jsonb_build_object('custom', {{ json_object('custom') }})
    end
{%- endmacro %}

{#- landing's TIMESTAMP, which holds UTC, as a moment. -#}
{% macro moment(column) -%}
    ({{ column }} at time zone 'UTC')
{%- endmacro %}

{#- Text of any length for a column that is indexed: an index row holds 2,704 bytes. -#}
{% macro indexed_text(column) -%}
    left(nullif({{ column }}, ''), 255)
{%- endmacro %}
