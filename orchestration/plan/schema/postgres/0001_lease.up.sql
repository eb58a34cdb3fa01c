-- The fencing number of the one writer's lease.
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SEQUENCE ops.plan_fence;
