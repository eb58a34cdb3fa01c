{#- One row per replay payload of the planned sessions, its bytes as sent. A view: payloads are most of the
    bytes of raw, and are kept once more only, in replay_chunks. -#}
{{ config(materialized='ephemeral' if target.name == 'dev' else 'view', schema='intermediate') }}

select
    project_id,
    session_id,
    event_id,
    timestamp,
    rrweb_type,
    {{ sent_order() }} as sent_order,
    data,
    -- Its project keeps no recordings: what runs judge it by is there, and nothing of the page (ingest/decode/rrweb.py).
    startsWith(data, '[{"facts":1') as is_facts_only
from {{ source('raw', 'replay_chunks').render() }} final
where
    {{ in_planned_sessions() }}
    -- A recording that has expired is not made again of what came later; its facts stay.
    and (project_id, session_id) not in (select project_id, session_id from {{ source('ops', 'expired_replays') }})
