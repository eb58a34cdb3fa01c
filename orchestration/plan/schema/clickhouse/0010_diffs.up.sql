-- What `hxi diff --project P --keep` found, for the page: one row per comparison and table. Counts alone: nothing in it
-- is of a person.
CREATE TABLE IF NOT EXISTS ops.diffs
(
    project_id String,
    made_at    DateTime64(3, 'UTC'),
    asked      String,                     -- as it was typed
    sessions   UInt64,                     -- built and compared
    planned    UInt64,                     -- that a run would build
    table      String,
    before     UInt64,                     -- rows of the part, as served
    after      UInt64,                     -- as built
    added      UInt64,
    gone       UInt64,
    changed    UInt64,
    columns    Map(String, UInt64)         -- how many rows differ in each
)
ENGINE = MergeTree
ORDER BY (project_id, made_at, table);
