"""Sessions by 30 minutes of silence: exact however late events come and wherever runs die."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from clickhouse_connect.driver.client import Client

from ingest.formats.visitors import visitor_session
from orchestration.plan import plan
from tests.integration.plan.own_databases import CrashError, OwnDatabases, Parameters, own_databases

BEGIN = datetime(2024, 2, 29, 20, tzinfo=UTC)
SILENCE = timedelta(minutes=30)
RULES = plan.Settings(default_hash="r1", project_hashes={})
HISTORIES = 25
PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"
# As gosight.events does it.
EVENTS = f"""
    SELECT project_id, ifNull(cut_session_id, session_id), event_id, timestamp
    FROM (SELECT * FROM raw.events WHERE {PLANNED}) AS landed
    ASOF LEFT JOIN (
        SELECT project_id, visitor_id, cut.1 AS since, toNullable(cut.2) AS cut_session_id
        FROM (SELECT project_id, visitor_id,
                     arraySort(groupArray((started_at, session_id))) AS sessions
              FROM ops.planned_cuts GROUP BY project_id, visitor_id)
        ARRAY JOIN arrayConcat([(toDateTime64(0, 3, 'UTC'), sessions[1].2)], sessions) AS cut
    ) AS cuts ON landed.project_id = cuts.project_id AND landed.session_id = cuts.visitor_id
        AND landed.timestamp >= cuts.since"""


@dataclass(frozen=True)
class Event:
    id: UUID
    visitor: str
    at: datetime

    @property
    def session_id(self) -> str:
        return visitor_session("segment", self.visitor, round(self.at.timestamp() * 1000))


class Warehouse:
    """Events and sessions, rewritten by plan; a run may die before any of its writes."""

    def __init__(self, databases: OwnDatabases) -> None:
        self.db = databases
        self.fence = 0
        columns = (
            "project_id String, session_id UUID, event_id UUID, timestamp DateTime64(3, 'UTC')"
        )
        for table in ("events", "sessions"):
            self.db.run(f"CREATE TABLE gosight.{table} ({columns}) ENGINE = Memory")

    def land(self, events: list[Event]) -> None:
        for event in events:
            self.db.run(
                "INSERT INTO raw.events (project_id, session_id, event_id, timestamp) VALUES"
                f" ('p', '{event.session_id}', '{event.id}', '{event.at:%Y-%m-%d %H:%M:%S}')"
            )
            self.db.run(f"INSERT INTO raw.session_index VALUES ('p', '{event.session_id}', 1)")

    def erase(self, session_id: str) -> None:
        self.db.run(f"DELETE FROM raw.events WHERE session_id = '{session_id}'")
        self.db.run(f"INSERT INTO raw.session_index VALUES ('p', '{session_id}', 1)")

    def run(self, dies_before: int | None = None) -> None:
        """Twice as many statements as a whole run has may be named: then it does not die."""

        def before_write(number: int, _: str, __: Parameters | None) -> None:
            if number == dies_before:
                raise CrashError

        self.fence += 1
        client = self.db.as_client()
        with self.db.watched(before_write):
            opened = plan.open_plan(client, self.fence, RULES)
            for table, rows in (("events", EVENTS), ("sessions", "SELECT * FROM gosight.events")):
                client.command(f"ALTER TABLE gosight.{table} DELETE WHERE {PLANNED}")
                where = "" if table == "events" else f" WHERE {PLANNED}"
                client.command(f"INSERT INTO gosight.{table} {rows}{where}")
            plan.close_plan(client, opened)

    def sessions(self, table: str) -> set[frozenset[UUID]]:
        """Each session as the set of its events; one event in two of them fails."""
        found: dict[UUID, set[UUID]] = defaultdict(set)
        rows = self.db.query(f"SELECT session_id, event_id FROM gosight.{table}").result_rows
        for session, event in rows:
            found[session].add(event)
        assert sum(map(len, found.values())) == len(rows)
        return {frozenset(events) for events in found.values()}


@pytest.fixture
def warehouse(clickhouse: Client) -> Iterator[Warehouse]:
    with own_databases(clickhouse) as databases:
        yield Warehouse(databases)


def by_silence(events: list[Event]) -> set[frozenset[UUID]]:
    """The same, computed here; a month of UTC ends every session."""
    visits: list[list[Event]] = []
    for event in sorted(events, key=lambda one: (one.visitor, one.at)):
        last = visits[-1][-1] if visits else None
        goes_on = last is not None and last.session_id == event.session_id
        if last is not None and goes_on and event.at - last.at <= SILENCE:
            visits[-1].append(event)
        else:
            visits.append([event])
    return {frozenset(event.id for event in visit) for visit in visits}


def some_events(random: Random) -> list[Event]:
    """Of two visitors, over the end of a month, some exactly 30 minutes apart."""
    events = []
    for visitor in ("ann", "bob"):
        at = BEGIN
        for _ in range(random.randint(4, 14)):
            at += timedelta(minutes=random.choice((1, 10, 29, 30, 31, 45, 120)))
            events.append(Event(UUID(int=random.getrandbits(128)), visitor, at))
    random.shuffle(events)
    return events


def test_late_events_and_dying_runs_leave_the_sessions_that_silence_makes(
    warehouse: Warehouse,
) -> None:
    for seed in range(HISTORIES):
        random = Random(seed)
        for table in ("raw.events", "raw.session_index", "gosight.events", "gosight.sessions"):
            warehouse.db.run(f"TRUNCATE TABLE {table}")
        waiting, arrived = some_events(random), list[Event]()
        while waiting:
            size = random.randint(1, 6)
            batch, waiting = waiting[:size], waiting[size:]
            warehouse.land(batch)
            arrived += batch
            try:
                warehouse.run(dies_before=random.randrange(24))
            except CrashError:
                continue
        if random.random() < 0.3:
            gone = random.choice(arrived).session_id
            warehouse.erase(gone)
            arrived = [event for event in arrived if event.session_id != gone]
        warehouse.run()
        assert warehouse.sessions("events") == by_silence(arrived), seed
        assert warehouse.sessions("sessions") == by_silence(arrived), seed


def test_what_is_said_of_a_cut_session_builds_its_visitor_again(warehouse: Warehouse) -> None:
    events = [
        Event(UUID(int=number), "ann", BEGIN + number * timedelta(hours=1)) for number in (1, 2)
    ]
    warehouse.land(events)
    warehouse.run()
    rows = warehouse.db.query("SELECT session_id FROM gosight.events").result_rows
    # A prediction of an outside model counts in the index of the session it judges.
    warehouse.db.run(f"INSERT INTO raw.session_index VALUES ('p', '{rows[0][0]}', 1)")
    warehouse.run()
    assert warehouse.sessions("events") == by_silence(events)
    assert plan.open_plan(warehouse.db.as_client(), warehouse.fence + 1, RULES).sessions == 0
