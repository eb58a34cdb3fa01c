{#- One row per planned session that an outside model judged: the latest prediction of the whole session, else the
    latest of one of its events. -#}
{{ config(materialized='ephemeral' if target.name == 'dev' else 'view', schema='intermediate') }}

with latest as (
    select
        project_id,
        session_id,
        argMax(
            (emotion, confidence, timestamp, model_version), (isNull(event_id), timestamp, prediction_id)
        ) as prediction
    from {{ source('raw', 'predictions') }}
    where {{ in_planned_sessions() }}
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
