{#- The user's id, or '' for what SDKs send where they know nobody: blanks, and whatever `nobody` (setting users.nobody)
    matches whole, in lower case. -#}
{% macro known_user(user_id, nobody) -%}
    if(
        trimBoth({{ user_id }}) = '' or ({{ nobody }} != '' and match(lowerUTF8(trimBoth({{ user_id }})), {{ nobody }})),
        '',
        {{ user_id }}
    )
{%- endmacro %}
