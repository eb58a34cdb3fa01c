-- That something was asked to be erased, and done; never whom it was about.
CREATE OR REPLACE TRIGGER audited
AFTER INSERT OR UPDATE OF done_at ON ops.erasure_requests
FOR EACH ROW EXECUTE FUNCTION access.audit('erasure', 'request_id', 'before,requested_at,done_at,sessions');
