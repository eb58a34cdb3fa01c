ALTER TABLE hxi.sessions DROP COLUMN is_excluded;
ALTER TABLE traceflow.traceflow_sessions DROP COLUMN is_excluded;
CALL access.serve('hxi.sessions');
CALL access.serve(
    'traceflow.traceflow_sessions', '{geolocation,ai_analyzed,ai_summary,ai_root_cause}', '{id}'
);
