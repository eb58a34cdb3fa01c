"""Late events: new clicks in sessions that were built before."""

import uuid
from collections.abc import Iterator, Sequence

from clickhouse_connect.driver.client import Client
from gosight.common_pb2 import Timestamp
from gosight.events_pb2 import EVENT_TYPE_CLICK, ClickPayload, Event
from gosight.ingest_pb2 import EventBatch

BATCH = 500


def batches(client: Client, events: int, days: int = 0) -> Iterator[EventBatch]:
    """`events` clicks, spread evenly over the sessions that began on `days` days (0: on any day).

    The days are those in the middle of the largest project's.
    """
    sessions = _sessions(client, days)
    clicks = (_click(*sessions[number % len(sessions)], number) for number in range(events))
    waiting: list[Event] = []
    for click in clicks:
        waiting.append(click)
        if len(waiting) == BATCH:
            yield EventBatch(events=waiting)
            waiting = []
    if waiting:
        yield EventBatch(events=waiting)


def _sessions(client: Client, days: int) -> Sequence[tuple[str, int]]:
    """Id and start (ms) of each session, by time."""
    rows = client.query(
        "SELECT toString(session_id), toUnixTimestamp64Milli(min(timestamp)) AS start"
        " FROM raw.events WHERE project_id ="
        " (SELECT project_id FROM raw.events GROUP BY project_id ORDER BY count() DESC LIMIT 1)"
        " GROUP BY session_id ORDER BY start, session_id"
    ).result_rows
    day_of = {start: start // 86_400_000 for _, start in rows}
    known = sorted(set(day_of.values()))
    middle = max(0, (len(known) - days) // 2)
    wanted = set(known[middle : middle + days] if days else known)
    return [(session_id, start) for session_id, start in rows if day_of[start] in wanted]


def _click(session_id: str, start: int, number: int) -> Event:
    """Within the session's first minute, so that no session changes its day but near midnight."""
    click = Event(
        event_id=str(uuid.uuid4()),
        session_id=session_id,
        event_type=EVENT_TYPE_CLICK,
        timestamp=Timestamp(millis=start + number % 60_000),
        click=ClickPayload(),
    )
    click.page.path = "/late"
    click.click.position.x, click.click.position.y = number % 1000, number % 700
    return click
