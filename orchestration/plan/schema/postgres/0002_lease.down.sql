DROP TABLE ops.lease;
