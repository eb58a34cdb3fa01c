{#- Every row is of a landed session: a reader never sees a session's rows without the session. -#}
{% test of_landed_session(model) %}
    select project_id, session_id
    from {{ model }}
    except
    select project_id, session_id
    from {{ ref('hxi_sessions') }}
{% endtest %}
