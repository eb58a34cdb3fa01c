{#- Events a person makes on purpose; moving the pointer is not among them. -#}
{% macro is_interaction() -%}
    event_type in (
        'click', 'dblclick', 'context_menu', 'scroll', 'scroll_milestone',
        'input_change', 'input_focus', 'input_blur',
        'form_start', 'form_submit', 'form_abandon', 'form_error'
    )
{%- endmacro %}
