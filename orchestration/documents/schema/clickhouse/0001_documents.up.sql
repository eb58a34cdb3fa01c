-- Which derived documents MongoDB holds, so that what did not change is not written again.

-- One row per collection and session after FINAL. A session with the nil id marks a collection that was written whole.
-- ORDER BY: a plan asks for one collection's sessions. No partitions: rows are small and replace each other.
CREATE TABLE IF NOT EXISTS ops.derived_documents
(
    collection LowCardinality(String),
    project_id String,
    session_id UUID,
    digest     UInt64,                     -- of the rows its documents are made of; 0 for none
    is_begun   Bool,                       -- a run began to write them and has not said that it ended
    version    UInt64                      -- 2 x plan when begun, one more when written
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (collection, project_id, session_id);
