{#- One row per session that touched a form: what became of it. A view. -#}
with views as (
    select
        project_id,
        session_id,
        countIf(event_type in ('form_start', 'input_change')) > 0 as is_started,
        countIf(event_type = 'form_submit' and form_success) > 0 as is_sent,
        minIf(position, event_type = 'form_error' or (event_type = 'form_submit' and not form_success)) as refused_at,
        maxIf(position, event_type = 'input_change') as changed_at,
        countIf(event_type = 'form_error' or (event_type = 'form_submit' and not form_success)) > 0 as is_refused
    from (
        select *, {{ event_order() }} as position
        from {{ ref('events') }}
        where
            event_type in ('form_start', 'form_submit', 'form_error', 'input_change')
            and {{ in_planned_sessions() }}
    )
    group by project_id, session_id, view_id
)

select
    project_id,
    session_id,
    toBool(max(is_started)) as is_form_started,
    toBool(max(is_sent)) as is_form_sent,
    toBool(max(is_refused and changed_at > refused_at)) as is_form_refilled
from views
group by project_id, session_id
