{#- One row per session; score is null where nothing could be judged. -#}
select
    project_id,
    session_id,
    score::integer as score,
    {{ json_or_text('issues') }} as issues,
    {{ json_or_text('not_measurable') }} as not_measurable,
    {{ cut_text('not_scored_reason', 255) }} as not_scored_reason,
    {{ cut_text('scoring_version', 50) }} as scoring_version,
    ended_at as generated_at
from {{ source('landing', 'experience_scores') }}
