{#- One row per project, UTC day and page with a measured vital. States: avgMerge(avg_lcp),
    quantileExactInclusiveMerge(0.75)(p75_lcp). CLS is averaged as a decimal, whose sum has no order;
    what no decimal holds is left out. -#}
{{ config(
    grain='day',
    order_by='(project_id, day, path)',
    partition_by='toYYYYMM(day)',
) }}

select
    project_id,
    day,
    path,
    count() as view_count,
    avgState(lcp) as avg_lcp,
    avgState(fid) as avg_fid,
    avgState(accurateCastOrNull(round(toFloat64(cls), 6), 'Decimal64(6)')) as avg_cls,
    avgState(ttfb) as avg_ttfb,
    quantileExactInclusiveState(0.75)(lcp) as p75_lcp,
    quantileExactInclusiveState(0.95)(lcp) as p95_lcp,
    quantileExactInclusiveState(0.75)(inp) as p75_inp,
    quantileExactInclusiveState(0.75)(cls) as p75_cls
from {{ ref('int_views') }}
where coalesce(lcp, inp, fid, ttfb, cls) is not null and {{ in_planned_days('day') }}
group by all
