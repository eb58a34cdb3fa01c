{#- One row per session with custom dimensions. A view. -#}
with told as (
    select
        project_id,
        session_id,
        dimension.1 as name,
        argMax(substringUTF8(dimension.2, 1, 1000), {{ event_order() }}) as value
    from {{ ref('events') }}
    array join JSONExtractKeysAndValues(custom, 'String') as dimension
    where {{ in_planned_sessions() }} and not is_doubled and custom != '{}' and dimension.1 != '' and {{ is_own_dimension('dimension.1') }}
    group by project_id, session_id, name
)

select
    project_id,
    session_id,
    cast(arraySlice(arraySort(groupArray((name, value))), 1, 100), 'Map(String, String)') as custom
from told
group by project_id, session_id
