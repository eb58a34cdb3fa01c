{#- Both sides are equal on every planned row (null = null holds not: such rows are left out). -#}
{% test true_equation(model, left, right) %}
    select *
    from {{ model }}
    where {{ in_planned_sessions() }} and {{ left }} != {{ right }}
{% endtest %}
