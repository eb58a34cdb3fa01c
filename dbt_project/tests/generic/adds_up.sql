{#- The sums of this table are the sums of another one, on every planned session or day: nothing was lost or
    doubled between the two. `sums` and `of_sums` are aggregates, equal in pairs.
    `plan`: 'session', or the name of this table's day column; `of_plan`: the other's, if it has another name. -#}
{% test adds_up(model, plan, sums, of, of_sums, of_plan=none) %}
    {%- set by_session = plan == 'session' %}
    {%- set key = 'session_id' if by_session else 'day' %}
    {%- set sides = [(model, plan, sums, ''), (of, of_plan or plan, of_sums, '-')] %}
    select project_id, {{ key }}
    from (
        {%- for table, plan_column, aggregates, sign in sides %}
        select
            project_id,
            {{ 'session_id' if by_session else plan_column ~ ' as day' }},
            {%- for aggregate in aggregates %}
            {{ sign }}toInt64({{ aggregate }}) as difference_{{ loop.index }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ table }}
        where {{ in_planned_sessions() if by_session else in_planned_days(plan_column) }}
        group by project_id, {{ 'session_id' if by_session else plan_column }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    group by project_id, {{ key }}
    having {% for _ in sums %}sum(difference_{{ loop.index }}) != 0{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
