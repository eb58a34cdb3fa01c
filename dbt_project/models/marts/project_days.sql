{#- One row per project and UTC day with an event: whose day it is, and whether it has ended. A view, for the last is
    known when it is read alone. -#}
{{ config(materialized='view') }}

select
    project_id,
    day,
    time_zone,
    toBool(day >= toDate(now('UTC'))) as is_partial
from {{ ref('users_daily') }}
