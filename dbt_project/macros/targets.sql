{#- What a click's target is, from its tag, role, type and classes. -#}

{#- Text goes in here: several clicks in a row are selecting or placing the cursor, not rage. -#}
{% macro is_editable_target() -%}
    toBool(
        ifNull(target_tag, '') = 'textarea'
        or (
            ifNull(target_tag, '') = 'input'
            and lower(target_attributes['type']) not in
                ('button', 'submit', 'reset', 'checkbox', 'radio', 'image', 'file', 'range', 'color')
        )
        or (
            mapContains(target_attributes, 'contenteditable')
            and lower(target_attributes['contenteditable']) != 'false'
        )
    )
{%- endmacro %}

{#- The browser itself answers a click, where the page sees nothing of it: it downloads, opens a window or a picker,
    plays, or draws. -#}
{% macro is_answered_by_browser() -%}
    toBool(
        ifNull(target_tag, '') in
            ('select', 'option', 'label', 'video', 'audio', 'canvas', 'iframe', 'embed', 'object')
        or (
            ifNull(target_tag, '') = 'input'
            and lower(target_attributes['type']) in
                ('file', 'date', 'datetime-local', 'month', 'week', 'time', 'color', 'range')
        )
        or (ifNull(target_tag, '') in ('a', 'area') and mapContains(target_attributes, 'download'))
        or (
            ifNull(target_tag, '') in ('a', 'area', 'form')
            and lower(target_attributes['target']) not in ('', '_self', '_parent', '_top')
        )
    )
{%- endmacro %}

{#- Looks as if a click would do something: by tag, role or class. -#}
{% macro is_interactive_target() -%}
    toBool(
        ifNull(target_tag, '') in ('a', 'area', 'button', 'select', 'summary')
        or (
            ifNull(target_tag, '') = 'input'
            and lower(target_attributes['type']) in ('button', 'submit', 'checkbox', 'radio')
        )
        or lower(target_attributes['role']) in ('button', 'link', 'checkbox', 'radio', 'tab', 'menuitem')
        or arrayExists(class -> match(class, '(?i)btn|button|link|clickable'), target_classes)
    )
{%- endmacro %}
