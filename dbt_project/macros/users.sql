{#- The user's id, or '' for what SDKs send where they know nobody: blanks, and whatever `users.nobody` matches
    whole, in lower case. Needs a column project_id. -#}
{% macro known_user(user_id) -%}
    {%- set nobody = setting('users.nobody') -%}
    if(
        trimBoth({{ user_id }}) = '' or ({{ nobody }} != '' and match(lowerUTF8(trimBoth({{ user_id }})), {{ nobody }})),
        '',
        {{ user_id }}
    )
{%- endmacro %}
