{#- One row per planned session that an outside model judged: the latest prediction of the whole session. What it says
    of one event is no state of the session, and stays in raw.predictions with its event. -#}
{{ config(materialized='ephemeral' if target.name == 'dev' else 'view', schema='intermediate') }}

with latest as (
    select
        project_id,
        session_id,
        argMax(
            (emotion, confidence, timestamp, model_version), (timestamp, prediction_id)
        ) as prediction
    from {{ source('raw', 'predictions') }}
    where {{ in_planned_sessions() }} and event_id is null
    group by project_id, session_id
)

select
    project_id,
    session_id,
    prediction.1 as emotion,
    prediction.2 as confidence,
    prediction.3 as predicted_at,
    prediction.4 as model_version
from latest
