-- What of a plan is built, and by whose runs: a plan is closed when every step of it is finished (docs/decisions/0008-plan-steps.md).

-- Two rows per step and attempt: begun, and finished. PARTITION BY plan_id: dropped with the plan.
CREATE TABLE IF NOT EXISTS ops.plan_steps
(
    plan_id     UInt64,
    sequence    UInt64,                    -- of the attempts of a plan, one after the other
    step        String,                    -- an asset's key: 'gosight/sessions'
    is_finished Bool,
    at          DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (step, sequence);

-- The runs that opened a plan or worked on it; a run that was executed again is known by its first run's id.
CREATE TABLE IF NOT EXISTS ops.plan_runs
(
    run_id  String,
    plan_id UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, plan_id);
