{#- One row per project, UTC day, method and endpoint. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, endpoint, method)',
    partition_by='toYYYYMM(day)',
) }}

with requests as (
    select * from {{ ref('int_requests') }} where {{ in_planned_days('day') }}
),

measured as (
    select
        project_id,
        day,
        method,
        endpoint,
        count() as request_count,
        countIf(is_failed) as error_count,
        -- Linear between neighbours, over all values: independent of the order they came in.
        quantilesExactInclusive(0.5, 0.75, 0.95, 0.99)(toFloat64(ifNull(duration_ms, 0))) as percentiles,
        countIf(is_satisfied) as satisfied_count,
        countIf(is_tolerating) as tolerating_count
    from requests
    group by project_id, day, method, endpoint
)

select
    project_id,
    day,
    method,
    endpoint,
    request_count,
    error_count,
    error_count / request_count as error_rate,
    percentiles[1] as p50_ms,
    percentiles[2] as p75_ms,
    percentiles[3] as p95_ms,
    percentiles[4] as p99_ms,
    satisfied_count,
    tolerating_count,
    (satisfied_count + tolerating_count / 2) / request_count as apdex
from measured
