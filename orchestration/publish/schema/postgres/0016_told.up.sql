-- What SDKs and products tell of users and sessions; scrolls among the points of heatmaps.
ALTER TABLE hxi.users ADD COLUMN traits JSONB NOT NULL DEFAULT '{}';    -- last value of each trait told; email is one of them

ALTER TABLE hxi.sessions
    ADD COLUMN is_new_user BOOLEAN,             -- NULL: nobody knows
    ADD COLUMN referrer_domain VARCHAR(255),
    ADD COLUMN end_reason VARCHAR(50),
    ADD COLUMN dimension_1 VARCHAR(255),        -- custom dimensions that setting sessions.dimensions names
    ADD COLUMN dimension_2 VARCHAR(255),
    ADD COLUMN dimension_3 VARCHAR(255),
    ADD COLUMN dimension_4 VARCHAR(255),
    ADD COLUMN dimension_5 VARCHAR(255),
    ADD COLUMN traits JSONB;                    -- {name: {value, at}}: what hxi.users.traits is merged from

-- kind is click, or scroll: then y is the offset and x is NULL.
ALTER TABLE hxi.heatmap_points ADD COLUMN kind VARCHAR(20) NOT NULL DEFAULT 'click';

CALL access.serve('hxi.users');
CALL access.serve('hxi.sessions');
CALL access.serve('hxi.heatmap_points', '{id}');
CALL access.serve(
    'traceflow.traceflow_sessions', '{geolocation,ai_analyzed,ai_summary,ai_root_cause}', '{id}'
);
