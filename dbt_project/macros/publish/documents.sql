{#- How a mart's value becomes what a column of the documents can hold. Nothing a value holds may stop a publish. -#}

{#- Text cut to a column's length; '' is no value. -#}
{% macro cut_text(column, length) -%}
    left(nullif({{ column }}, ''), {{ length }})::varchar({{ length }})
{%- endmacro %}

{#- Whole numbers beyond INT or BIGINT become the nearest one that fits. -#}
{% macro saturated_int(column) -%}
    case when {{ column }} is not null then greatest(least({{ column }}, 2147483647), -2147483648)::integer end
{%- endmacro %}

{% macro saturated_bigint(column) -%}
    case
        when {{ column }} is not null
            then greatest(least({{ column }}, 9223372036854775807), -9223372036854775808)::bigint
    end
{%- endmacro %}

{#- JSON as JSONB; text PostgreSQL cannot read as JSON (a \u0000, half a surrogate pair) becomes a JSON string. -#}
{% macro json_or_text(column) -%}
    coalesce(landing.json_or_null({{ column }}), to_jsonb({{ column }}))
{%- endmacro %}

{#- The same for a JSON object; what is none becomes an object with that text under `text`. -#}
{% macro json_object(column) -%}
    case
        when {{ column }} = '' then '{}'::jsonb
        else coalesce(
            case when starts_with({{ column }}, '{') then landing.json_or_null({{ column }}) end,
            jsonb_build_object('text', {{ column }})
        )
    end
{%- endmacro %}

{#- What an interaction was with: the element's id, else its selector. -#}
{% macro element_id() -%}
    coalesce(nullif(target_id, ''), target_selector)
{%- endmacro %}
