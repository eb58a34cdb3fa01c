{#- One row per session: the state its events support most. -#}
select
    project_id,
    session_id,
    session_id as prediction_id,
    {{ cut_text('state', 50) }} as predicted_emotion,
    confidence,
    {{ cut_text('rule_version', 50) }} as model_version,
    ended_at as predicted_at
from {{ source('landing', 'behaviour_states') }}
