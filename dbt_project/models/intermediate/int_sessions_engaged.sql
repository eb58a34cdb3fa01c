{#- One row per session with interactions: how long a person was active in it. A view.
    Each gap between interactions counts for at most `engaged_gap_cap_ms`, less the time the page was hidden. -#}
{{ config(materialized='view') }}

with marked as (
    select
        project_id,
        session_id,
        arraySort(groupArrayIf(toUnixTimestamp64Milli(timestamp), {{ is_interaction() }})) as interactions,
        toUnixTimestamp64Milli(max(timestamp)) as ended_ms,
        arraySort(groupArrayIf(
            ({{ event_order() }}, toUnixTimestamp64Milli(timestamp), event_type = 'page_hidden'),
            event_type in ('page_hidden', 'page_visible')
        )) as switches
    from {{ ref('events') }}
    where {{ in_planned_sessions() }}
    group by project_id, session_id
),

spans as (
    select
        project_id,
        session_id,
        arrayMap(
            (start, next) -> (start, least(next, start + {{ setting('engaged_gap_cap_ms') }})),
            arrayPopBack(interactions),
            arrayPopFront(interactions)
        ) as active,
        -- A second page_hidden in a row opens nothing new, so the hidden spans never overlap.
        arrayFilter(
            (switch, i) -> switch.3 and not (i > 1 and switches[i - 1].3), switches, arrayEnumerate(switches)
        ) as hides,
        arrayMap(
            hide -> (
                hide.2,
                ifNull(nullIf(arrayFirst(switch -> switch.1 > hide.1 and not switch.3, switches).2, 0), ended_ms)
            ),
            hides
        ) as hidden
    from marked
)

select
    project_id,
    session_id,
    toUInt64(arraySum(
        span -> span.2 - span.1
        - arraySum(gap -> greatest(0, least(span.2, gap.2) - greatest(span.1, gap.1)), hidden),
        active
    )) as engaged_ms
from spans
