REVOKE ALL ON gosight.saved_filters FROM authenticated;
REVOKE USAGE ON SCHEMA gosight FROM authenticated;
DROP POLICY "Users can manage own filters" ON gosight.saved_filters;
DROP POLICY "Users can view own and shared filters" ON gosight.saved_filters;
ALTER TABLE gosight.saved_filters DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON ALL TABLES IN SCHEMA traceflow FROM hxi_service;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA traceflow FROM hxi_service;
REVOKE ALL ON auth.users FROM hxi_service;
REVOKE USAGE ON SCHEMA traceflow, auth FROM hxi_service;
DO $$
DECLARE
    found RECORD;
BEGIN
    FOR found IN
        SELECT polname, polrelid::regclass AS relation FROM pg_policy WHERE polname IN (
            'Services', 'Services read', 'Services update', 'Services add', 'Services delete their own')
    LOOP
        EXECUTE format('DROP POLICY %I ON %s', found.polname, found.relation);
    END LOOP;
END
$$;
DROP PROCEDURE access.open_to_services(REGCLASS, NAME, TEXT [], TEXT []);
