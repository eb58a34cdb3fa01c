-- Users erased on request, by a hash of their id: sessions that name one and began before the erasure never land.
-- ORDER BY: a block of batches asks for its users by project.
CREATE TABLE IF NOT EXISTS raw.erased_users
(
    project_id String,
    user_hash  String,                               -- SHA-256 of project, NUL and user id, in hex
    erased_at  DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(erased_at)
ORDER BY (project_id, user_hash);

-- Written by the lander for a session of an erased user that came late; a run erases what had landed of it before.
ALTER TABLE raw.tombstones ADD COLUMN IF NOT EXISTS is_late Bool DEFAULT false;
