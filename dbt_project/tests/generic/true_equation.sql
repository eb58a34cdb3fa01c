{#- Both sides are equal on every planned row, or with `by` on every planned group of rows (null = null holds not:
    such rows are left out). `plan`: as in unique_key. -#}
{% test true_equation(model, left, right, plan='session', by=none) %}
    select {{ by | join(', ') if by else '*' }}
    from {{ model }}
    where {{ in_planned_sessions() if plan == 'session' else in_planned_days(plan) }}
    {%- if by %}
    group by {{ by | join(', ') }}
    having {{ left }} != {{ right }}
    {%- else %}
        and {{ left }} != {{ right }}
    {%- endif %}
{% endtest %}
