"""The collections of derived documents: which rows of `gosight` each is made of."""

from ingest.schema import mongo
from orchestration.documents import shapes
from orchestration.documents.collection import Derived, Served
from orchestration.raw.outside_prediction import OUR_SOURCE

SESSIONS = Derived(
    spec=mongo.SESSIONS,
    description="Sessions as the marts have them: one document per session.",
    marts=("sessions",),
    served=Served("sessions", {"documents": "count(*)", "durationMs": "sum(duration_ms)"}),
    rows="""
        SELECT project_id, session_id, user_id, device_id, os, device_type, ip, started_at,
            ended_at, duration_ms, user_agent, is_new_user, end_reason, referrer_domain, page_count,
            event_count, custom_properties, traits
        FROM gosight.sessions WHERE {only}""",
    document=shapes.session,
    sums={"durationMs": "duration_ms"},
)
SESSION_EVENTS = Derived(
    spec=mongo.SESSION_EVENTS,
    description="Events of a session in order: one document per event.",
    marts=("events", "sessions"),
    served=Served("events", {"documents": "count(*)"}),
    rows="""
        SELECT project_id, session_id, toString(event_id) AS event_id, timestamp, event_type, path,
            payload
        FROM gosight.events WHERE {only}""",
    document=shapes.session_event,
    size="payload",
)
JOURNEYS = Derived(
    spec=mongo.JOURNEYS,
    description="Pages a session went through: one document per session.",
    marts=("journeys", "sessions"),
    served=Served("journey_steps", {"stepCount": "count(*)"}),
    rows=f"""
        SELECT project_id, session_id, count() AS step_count, max(ended) AS ended_at,
            arraySort(groupArray((step, path, started_at))) AS all_steps,
            arraySlice(arrayFilter((one, bytes) -> bytes <= {shapes.MAX_STEP_BYTES}, all_steps,
                arrayCumSum(one -> length(one.2) + {shapes.STEP_BYTES}, all_steps)),
                1, {shapes.MAX_STEPS}) AS steps
        FROM (
            SELECT project_id, session_id, step, path, started_at,
                started_at + toIntervalMillisecond(dwell_ms) AS ended
            FROM gosight.journeys WHERE {{only}})
        GROUP BY project_id, session_id""",
    document=shapes.journey,
    sums={"stepCount": "step_count"},
)
HEATMAPS = Derived(
    spec=mongo.HEATMAPS,
    description="Clicks with a position and scrolls: one document per event.",
    marts=("events", "sessions"),
    served=Served(
        "heatmap_points",
        {
            "x": "sum(x)",
            "y": "sum(y) FILTER (WHERE kind = 'click')",
            "scroll": "sum(y) FILTER (WHERE kind = 'scroll')",
        },
    ),
    rows="""
        SELECT project_id, session_id, toString(event_id) AS event_id, timestamp, path,
            if(event_type = 'click', click_x, NULL) AS x,
            if(event_type = 'click', click_y, NULL) AS y,
            if(event_type = 'scroll', scroll_top, NULL) AS scroll
        FROM gosight.events
        WHERE {only} AND (
            event_type = 'click' AND click_x IS NOT NULL AND click_y IS NOT NULL
            OR event_type = 'scroll' AND scroll_top IS NOT NULL)""",
    document=shapes.heatmap_point,
    sums={"x": "x", "y": "y", "scroll": "scroll"},
)
EMOTION_PREDICTIONS = Derived(
    spec=mongo.EMOTION_PREDICTIONS,
    description="What the rules say of a session: one document per session. Others write here too.",
    marts=("behaviour_states", "sessions"),
    served=Served("emotion_predictions", {"documents": "count(*)"}),
    rows="""
        SELECT project_id, session_id, rule_state, rule_confidence, ended_at, rule_version
        FROM gosight.behaviour_states WHERE {only}""",
    document=shapes.prediction,
    sums={"confidence": "rule_confidence"},
    ours={"source": OUR_SOURCE},
)
REPLAY_CHUNKS = Derived(
    spec=mongo.REPLAY_CHUNKS,
    description="The place of each replay payload in its recording, in the documents of record.",
    marts=("replay_chunks",),
    rows="""
        SELECT project_id, session_id, toString(event_id) AS event_id, chunk_index
        FROM gosight.replay_chunks WHERE {only}""",
    document=shapes.place_in_recording,
    sets=("chunkIndex",),
)

DERIVED = (SESSIONS, SESSION_EVENTS, JOURNEYS, HEATMAPS, EMOTION_PREDICTIONS, REPLAY_CHUNKS)
