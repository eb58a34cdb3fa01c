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
        countIf(is_aborted) as aborted_count,
        countIf(is_measured) as measured_count,
        -- Linear between neighbours, over all values: independent of the order they came in.
        quantilesExactInclusiveIf(0.5, 0.75, 0.95, 0.99)(
            toFloat64(assumeNotNull(duration_ms)), duration_ms is not null and not is_aborted
        ) as percentiles,
        countIf(duration_ms is not null and not is_aborted) as timed_count,
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
    error_count / nullIf(request_count - aborted_count, 0) as error_rate,
    if(timed_count > 0, percentiles[1], null) as p50_ms,
    if(timed_count > 0, percentiles[2], null) as p75_ms,
    if(timed_count > 0, percentiles[3], null) as p95_ms,
    if(timed_count > 0, percentiles[4], null) as p99_ms,
    satisfied_count,
    tolerating_count,
    (satisfied_count + tolerating_count / 2) / nullIf(measured_count, 0) as apdex,
    aborted_count,
    measured_count
from measured
