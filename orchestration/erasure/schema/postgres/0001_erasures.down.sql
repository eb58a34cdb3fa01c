DROP TABLE ops.erasure_proofs;
DROP TABLE ops.erasure_sessions;
DROP TABLE ops.erasure_requests;
