-- The database of the marts, before dbt fills it: addresses name it as their default.
CREATE DATABASE IF NOT EXISTS gosight;

-- One row per project of PostgreSQL's gosight.projects, so that marts show names; each run brings it up to date.
CREATE TABLE IF NOT EXISTS gosight.projects
(
    project_id String,
    name       String,
    slug       String,
    created_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY project_id;
