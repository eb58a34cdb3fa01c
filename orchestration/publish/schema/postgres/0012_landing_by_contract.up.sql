-- The copy makes landing tables as dbt_project/models/publish/landing.yml declares them, so they are the publisher's own. Those of
-- earlier releases go, and with them the views of stage, which the next run makes again.
DROP TABLE IF EXISTS
    landing.sessions, landing.events, landing.insights, landing.journeys, landing.experience_scores,
    landing.behaviour_states, landing.replay_chunks CASCADE;
TRUNCATE landing.copied, landing.planned_sessions;
GRANT CREATE ON SCHEMA landing TO hxi_publisher;
