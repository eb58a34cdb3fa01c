{#- One row per replay payload, in order within its session. -#}
{{ config(
    order_by='(project_id, session_id, chunk_index)',
    partition_by='toYYYYMM(chunk_date)',
    query_settings={'max_block_size': 256},
) }}

with facts as (
    select * from {{ source('signals', 'replay_facts') }} where {{ in_planned_sessions() }}
)

select
    session_id,
    project_id,
    chunk_index,
    started_at as timestamp_start,
    ended_at as timestamp_end,
    if(payloads.is_facts_only, '', payloads.data) as data,
    toUInt32(least(data_size, 4294967295)) as data_size,
    event_count,
    toUInt8(notEmpty(snapshots)) as has_snapshot,
    toDate(started_at) as chunk_date,
    event_id,
    rrweb_type,
    toLowCardinality(if(payloads.is_facts_only, 'not kept', facts.problem)) as problem
from {{ ref('int_replay_payloads') }} as payloads
inner join facts using (project_id, session_id, event_id)
