"""A session's recording as the player takes it, with nothing in it that leads outside."""

from uuid import UUID

import orjson

from pages.marts import Marts
from pages.recorded import closed, events_of, window_of
from pages.shown import NotThereError

CHUNKS = """
SELECT data, timestamp_start FROM gosight.replay_chunks
WHERE project_id = {project:String} AND session_id = {session:UUID}
ORDER BY chunk_index LIMIT 20000
"""


def text(marts: Marts, session: UUID) -> bytes:
    """A JSON array of rrweb events. NotThereError without a recording."""
    payloads = marts.payloads(CHUNKS, {"session": str(session)})
    events = window_of(list(events_of(payloads)))
    if not events:
        raise NotThereError
    events.sort(key=lambda event: event["timestamp"])
    return orjson.dumps([closed(event) for event in events])
