DROP TRIGGER IF EXISTS audited ON ops.erasure_requests;
