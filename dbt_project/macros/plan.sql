{#- Filters, for the where clause of whatever a model reads. -#}
{% macro in_planned_sessions() -%}
    (project_id, session_id) in (select project_id, session_id from {{ source('ops', 'planned_sessions') }})
{%- endmacro %}

{#- First and last day beside them: what lies outside is told by the day alone, which is a tenth of the reading. -#}
{% macro in_planned_days(column) -%}
    {%- set days = source('ops', 'planned_days') -%}
    ({{ column }} between (select min(day) from {{ days }}) and (select max(day) from {{ days }})
    and (project_id, {{ column }}) in (select project_id, day from {{ days }}))
{%- endmacro %}

{#- What lands for a day after it was closed is late beyond retention (docs/retention.md). -#}
{% macro not_on_closed_day(column) -%}
    (project_id, {{ column }}) not in (select project_id, day from {{ source('ops', 'closed_days') }})
{%- endmacro %}
