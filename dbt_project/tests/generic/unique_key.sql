{#- The columns together name one row. With `plan` ('session', or the name of a day column), only rows
    the open plan rewrote are read: the others were proved when they were written. -#}
{% test unique_key(model, columns, plan=none) %}
    select {{ columns | join(', ') }}, count(*) as copies
    from {{ model }}
    {%- if plan %}
    where {{ in_planned_sessions() if plan == 'session' else in_planned_days(plan) }}
    {%- endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
