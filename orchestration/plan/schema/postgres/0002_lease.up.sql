-- The one writer's lease (docs/decisions/0007-lease.md): taken, renewed and taken over by this server's clock.
CREATE TABLE ops.lease
(
    name       TEXT PRIMARY KEY,
    fence      BIGINT NOT NULL,      -- of ops.plan_fence: greater with each taking
    holder     TEXT NOT NULL,        -- the run's id, which may come back
    process    TEXT NOT NULL,        -- where it runs, so that a dead one need not be waited for
    expires_at TIMESTAMPTZ NOT NULL
);
INSERT INTO ops.lease VALUES ('warehouse', 0, '', '', '-infinity');
