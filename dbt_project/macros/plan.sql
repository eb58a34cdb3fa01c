{#- How models rewrite what a plan names: delete by plan, then append. -#}

{% macro delete_planned_sessions() -%}
    {{ _delete_planned(['project_id', 'session_id'], source('ops', 'planned_sessions'), ['project_id', 'session_id']) }}
{%- endmacro %}

{#- `column`: the date column of the model's day. -#}
{% macro delete_planned_days(column) -%}
    {{ _delete_planned(['project_id', column], source('ops', 'planned_days'), ['project_id', 'day']) }}
{%- endmacro %}

{% macro _delete_planned(keys, plan, plan_keys) -%}
    {%- if is_incremental() -%}
    {%- do follow_contract() -%}
    delete from {{ this }}
    where ({{ keys | join(', ') }}) in (select {{ plan_keys | join(', ') }} from {{ plan }})
    {%- else -%}
    select 1
    {%- endif -%}
{%- endmacro %}

{#- Filters, for the where clause of whatever a model reads. -#}
{% macro in_planned_sessions() -%}
    (project_id, session_id) in (select project_id, session_id from {{ source('ops', 'planned_sessions') }})
{%- endmacro %}

{% macro in_planned_days(column) -%}
    (project_id, {{ column }}) in (select project_id, day from {{ source('ops', 'planned_days') }})
{%- endmacro %}

{#- What lands for a day after it was closed is late beyond retention (docs/retention.md). -#}
{% macro not_on_closed_day(column) -%}
    (project_id, {{ column }}) not in (select project_id, day from {{ source('ops', 'closed_days') }})
{%- endmacro %}
