-- Sessions of bots stay in the tables and out of every number: whoever counts leaves them out too.
ALTER TABLE hxi.sessions ADD COLUMN is_excluded BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE traceflow.traceflow_sessions ADD COLUMN is_excluded BOOLEAN NOT NULL DEFAULT false;

CALL access.serve('hxi.sessions');
CALL access.serve(
    'traceflow.traceflow_sessions', '{geolocation,ai_analyzed,ai_summary,ai_root_cause}', '{id}'
);
