{#- One row per session with interactions: how long a person was active in it. A view.
    Each gap between interactions counts for at most `engaged_gap_cap_ms`, less the time the page was hidden: from
    page_hidden until it is shown again, which page_visible, another page view or whatever a person does there tells. -#}
with moments as (
    select
        project_id,
        session_id,
        arraySort(groupArray((
            {{ event_order() }},
            {{ is_interaction() }},
            -- A field loses focus and a form is left by the hiding itself.
            event_type not in ('input_blur', 'form_abandon'),
            event_type = 'page_hidden'
        ))) as moment
    from {{ ref('events') }}
    where
        {{ in_planned_sessions() }}
        and not is_doubled
        and (event_type in ('page_hidden', 'page_visible', 'page_view') or {{ is_interaction() }})
    group by project_id, session_id
    having countIf({{ is_interaction() }}) > 0
),

-- From the first interaction to the last: what held from each moment to the next.
spans as (
    select
        project_id,
        session_id,
        arrayMap(one -> toUnixTimestamp64Milli(one.1.1), moment) as at,
        indexOf(moment.2, true) as first,
        length(at) + 1 - indexOf(arrayReverse(moment.2), true) - first as n,
        arraySlice(at, first, n) as since,
        arraySlice(at, first + 1, n) as until,
        arraySlice(arrayFill((time, is_interaction) -> is_interaction, at, moment.2), first, n) as interacted,
        arraySlice(arrayFill((hides, tells) -> tells, moment.4, moment.3), first, n) as is_hidden
    from moments
)

select
    project_id,
    session_id,
    toUInt64(arraySum(
        (start, next, latest, hidden) -> if(
            hidden, 0, greatest(0, least(next, latest + {{ setting('engaged_gap_cap_ms') }}) - start)
        ),
        since, until, interacted, is_hidden
    )) as engaged_ms
from spans
