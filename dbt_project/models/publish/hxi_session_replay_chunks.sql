{#- One row per replay payload; in order of chunk_index they are the recording. -#}
select
    project_id,
    session_id,
    {{ saturated_int('chunk_index') }} as chunk_index,
    case when chunk != '' then {{ json_or_text('chunk') }} end as chunk_data,
    timestamp_start as recorded_at
from {{ source('landing', 'replay_chunks') }}
