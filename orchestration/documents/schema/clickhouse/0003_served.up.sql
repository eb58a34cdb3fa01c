-- Up to which plan MongoDB holds the documents: they follow the tables, after ops.done (docs/decisions/0004-derived-documents.md).

-- One row per plan at whose end all documents were written and agreed with the tables.
CREATE TABLE IF NOT EXISTS ops.documents_served
(
    plan_id UInt64,                        -- the newest closed one
    at      DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY plan_id;

-- One row: the newest plan that tables are built by, the newest that documents were written for, 0 for none.
CREATE OR REPLACE VIEW ops.documents_freshness AS
WITH (SELECT max(plan_id) FROM ops.documents_served) AS served
SELECT
    maxIf(plan_id, state = 'closed') AS built_plan,
    served AS served_plan,
    (SELECT maxOrNull(at) FROM ops.documents_served) AS served_at,
    -- Since the first plan that they lack was closed; 0: they lack none.
    greatest(0, ifNull(dateDiff('second', minOrNullIf(at, state = 'closed' AND plan_id > served), now64(3, 'UTC')), 0)) AS behind_s
FROM ops.plans;
