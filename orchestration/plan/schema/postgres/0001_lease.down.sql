DROP SEQUENCE ops.plan_fence;
