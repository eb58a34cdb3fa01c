{#- One row per event of the planned sessions as it landed, in the session it is built in. With the others of this folder
    the only reader of raw. -#}
{{ config(materialized='ephemeral', schema='intermediate', contract={'enforced': false}) }}

-- Visitors of SDKs that tell no session, cut by silence; what came since the cut is with the session before it.
with cuts as (
    select
        project_id,
        visitor_id as session_id,
        row_number() over (partition by project_id, visitor_id order by started_at, cuts_of_visitors.session_id) = 1 as is_first,
        -- The first holds from the beginning, for what came before any.
        if(is_first, toDateTime64(0, 3, 'UTC'), started_at) as timestamp,
        toNullable(cuts_of_visitors.session_id) as cut_session_id
    from {{ source('ops', 'planned_cuts') }} as cuts_of_visitors
)

select
    landed_events.* except (session_id),
    landed_events.session_id as landed_session_id,
    ifNull(cut_session_id, landed_events.session_id) as session_id,
    {{ sent_order() }} as sent_order
from (
    select *
    from {{ source('raw', 'events').render() }} final
    where
        {{ in_planned_sessions() }}
        and {{ not_on_closed_day('toDate(timestamp)') }}
        -- They are no events of their own: what they say is in the clicks.
        and event_type != 'click_detail'
) as landed_events
asof left join cuts using (project_id, session_id, timestamp)
