{#- One row per user of the landed sessions. What depends on a user's other sessions is derived when publishing. -#}
select
    project_id,
    user_uuid as user_id,
    -- uuid5 of the whole id is the key, so that two ids that are cut alike stay two users.
    min({{ cut_text('user_id', 255) }})::varchar(255) as external_user_id
from {{ source('landing', 'sessions') }}
where user_uuid is not null
group by project_id, user_uuid
