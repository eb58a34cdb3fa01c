ALTER TABLE hxi.heatmap_points DROP COLUMN kind;
ALTER TABLE hxi.sessions
    DROP COLUMN is_new_user,
    DROP COLUMN referrer_domain,
    DROP COLUMN end_reason,
    DROP COLUMN dimension_1,
    DROP COLUMN dimension_2,
    DROP COLUMN dimension_3,
    DROP COLUMN dimension_4,
    DROP COLUMN dimension_5,
    DROP COLUMN traits;
ALTER TABLE hxi.users DROP COLUMN traits;
CALL access.serve('hxi.users', '{email}');
CALL access.serve('hxi.sessions');
CALL access.serve('hxi.heatmap_points', '{id}');
CALL access.serve(
    'traceflow.traceflow_sessions', '{geolocation,ai_analyzed,ai_summary,ai_root_cause,custom_properties}', '{id}'
);
