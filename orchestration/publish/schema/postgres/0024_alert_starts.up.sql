-- When an episode began in events' time, and whose it is where its rule groups: triggered_at is when it was noticed.
CREATE OR REPLACE VIEW hxi.alerts WITH (security_barrier) AS
SELECT
    history.project_id,
    history.id AS alert_id,
    rules.name AS rule_name,
    rules.condition ->> 'metric' AS metric,
    history.triggered_at,
    history.resolved_at,
    history.metric_value,
    history.threshold,
    coalesce((history.context ->> 'corrected')::boolean, false) AS is_corrected,
    history.notification_sent,
    history.notification_error IS NOT NULL AS has_failed_to_tell,
    (history.context ->> 'start')::timestamptz AS started_at,
    nullif(history.context -> 'group', '{}') AS of_group
FROM gosight.alert_history AS history
INNER JOIN gosight.alert_rules AS rules ON rules.id = history.rule_id
WHERE
    history.project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants WHERE login = session_user))
    OR pg_has_role(session_user, 'hxi_publisher', 'USAGE');
