-- Where marts arrive (landing) and where dbt shapes them (stage). Rewritten by every publish, never served.
CREATE SCHEMA IF NOT EXISTS landing;
CREATE SCHEMA IF NOT EXISTS stage;

-- One row: whose plan landing holds, and of how many sessions. Logged, so that landing tables emptied by a crash
-- of the server are noticed; copies and merges lock it first.
CREATE TABLE landing.copied (
    plan_id  BIGINT PRIMARY KEY,
    sessions BIGINT NOT NULL
);

-- The scope of a publish: rows of these sessions are replaced, all others stay.
CREATE UNLOGGED TABLE landing.planned_sessions (
    project_id UUID NOT NULL,
    session_id UUID NOT NULL,
    PRIMARY KEY (project_id, session_id)
);

-- Replaces 8e74b5855698b56c9bdda2229cc161b049d2c799fe48131ac0c6ffe6eae326b4: it made landing tables, which the copy makes now (0012).
