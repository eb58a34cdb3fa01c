{#- One row per session in which traits of its user were told, before or after it was known who it is. A view. -#}
with told as (
    select
        project_id,
        session_id,
        trait.1 as name,
        argMax((substringUTF8(trait.2, 1, 1000), timestamp), {{ event_order() }}) as last_told
    from {{ ref('events') }} as identities
    left join {{ ref('int_sessions_events') }} as sessions using (project_id, session_id)
    array join JSONExtractKeysAndValues(payload, 'traits', 'String') as trait
    where
        {{ in_planned_sessions() }}
        and event_type = 'identify'
        and identities.user_id in ('', sessions.user_id)
    group by project_id, session_id, name
)

select
    project_id,
    session_id,
    toJSONString(cast(
        arraySlice(arraySort(groupArray((name, last_told))), 1, 100),
        'Map(String, Tuple(value String, at DateTime64(3, \'UTC\')))'
    )) as traits
from told
group by project_id, session_id
