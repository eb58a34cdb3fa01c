"""Carries out what was asked: before a run plans, and again when all it planned is built.

First tombstones, so that nothing lands again; then the documents of record and raw. The run builds
the sessions without their events, so every aggregate is what a full rebuild gives; then the rest is
swept out, parts are rewritten, and each store is searched. Every step may be repeated
(docs/decisions/0015-erasure.md). Needs the lease.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from ingest.clock import now_ms
from ingest.landing.erased_users import user_hash
from ingest.sinks import names as tables
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.split import parts
from orchestration.erasure import clickhouse, mongodb, postgres, redis, requests, spool
from orchestration.erasure.requests import Connection, Proof, Request, Subject
from orchestration.erasure.subject import sessions_of
from orchestration.erasure.trace import Trace
from orchestration.raw.erasure import erase_sessions
from orchestration.retention.moved import delete_moved, found_moved, storage_url
from orchestration.stores.clients import integer
from orchestration.stores.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

SESSIONS_AT_ONCE = 500
LATE = """
SELECT project_id, groupArray(toString(session_id)) FROM (
    SELECT project_id, session_id FROM raw.tombstones GROUP BY project_id, session_id
    HAVING countIf(NOT is_late) = 0)
GROUP BY project_id
"""
# Erased sessions that marts may show still: their index is not what was built.
UNBUILT = """
SELECT count() FROM (
    SELECT session_id, sum(n) AS n FROM raw.session_index
    WHERE project_id = {project:String} AND session_id IN {ids:Array(UUID)} GROUP BY session_id
) AS landed LEFT JOIN (
    SELECT session_id, argMax(n, plan_id) AS n FROM ops.done
    WHERE project_id = {project:String} AND session_id IN {ids:Array(UUID)} GROUP BY session_id
) AS built USING (session_id) WHERE landed.n != built.n
"""


class Stores(Protocol):
    """A run's hold on the stores; each client is given out after the lease was checked."""

    @property
    def settings(self) -> Settings:
        """Where the stores are."""

    def clickhouse(self) -> Client:
        """The run's client."""

    def owner(self) -> Connection:
        """A new connection to PostgreSQL in autocommit, to be closed by the caller."""

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, to be closed by the caller."""


@dataclass(frozen=True)
class Erased:
    """What became of a request: done, or where something was found."""

    request_id: int
    places: Mapping[str, int]


def any_waits(connection: "psycopg.Connection[Any]", client: Client) -> bool:
    """Whether a run has something to erase that no run has tried."""
    return requests.is_any_untried(connection) or bool(client.query(LATE).result_rows)


def begin(stores: Stores) -> None:
    """Before anything is compared or planned: from here on no store of record has the sessions."""
    with closing(stores.owner()) as connection:
        _ask_for_late(stores, connection)
        for request in requests.waiting(connection):
            _begin(stores, connection, request)


def _begin(stores: Stores, connection: Connection, request: Request) -> None:
    client, subject = stores.clickhouse(), request.subject
    if subject.user_id:
        _bar(client, subject)
    with stores.mongodb() as mongo:
        requests.remember(connection, request, sessions_of(client, mongo, subject))
        trace = trace_of(subject, requests.sessions(connection, request))
        held = {
            "clickhouse": clickhouse.count(client, trace),
            "mongodb": mongodb.count(mongo, trace),
            "postgresql": postgres.count(connection, trace),
        }
        for some in parts(trace.sessions, SESSIONS_AT_ONCE):
            erase_sessions(mongo, client, subject.project_id, some)
        mongodb.delete(mongo, trace)
    with redis_of(stores.settings) as now:
        if now is not None:
            held["redis"] = redis.count(now, trace)
            redis.delete(now, trace)
    for store, rows in held.items():
        requests.count_erased(connection, request, store, rows)


def _bar(client: Client, subject: Subject) -> None:
    """What the user did until now lands no more, from wherever it may still come."""
    hashed = user_hash(subject.project_id, subject.user_id or "")
    ClickHouseSink(lambda: client).insert(
        tables.ERASED_USERS,
        [{"project_id": subject.project_id, "user_hash": hashed, "erased_at": now_ms()}],
    )


def _ask_for_late(stores: Stores, connection: Connection) -> None:
    """What landed of sessions before one of their events told that their user was erased."""
    for project_id, sessions in stores.clickhouse().query(LATE).result_rows:
        for session in sessions:
            requests.ask(connection, Subject(project_id, session_id=session))
        stores.clickhouse().command(
            "INSERT INTO raw.tombstones (project_id, session_id, erased_at, events_erased, is_late)"
            " SELECT {project:String}, arrayJoin({ids:Array(UUID)}), now64(3, 'UTC'), 0, false",
            parameters={"project": project_id, "ids": sessions},
        )


def finish(stores: Stores) -> list[Erased]:
    """After the run has built and published: sweep out what is left, search, and keep the proof.

    A request whose sessions the run has not built stays as it is.
    """
    with closing(stores.owner()) as connection:
        waiting = [
            (request, trace)
            for request in requests.waiting(connection)
            for trace in [trace_of(request.subject, requests.sessions(connection, request))]
            if not is_unbuilt(stores.clickhouse(), trace)
        ]
        for _, trace in waiting:
            _sweep(stores, connection, trace)
        if waiting:
            clickhouse.apply_masks(stores.clickhouse())
        return [_proven(stores, connection, request, trace) for request, trace in waiting]


def is_unbuilt(client: Client, trace: Trace) -> bool:
    """Whether the marts may show a session still."""
    return any(
        integer(client, UNBUILT, clickhouse.parameters(trace, ids)) for ids in trace.chunks()
    )


def _sweep(stores: Stores, connection: Connection, trace: Trace) -> None:
    for ids in trace.chunks():
        delete_moved(stores.clickhouse(), _listed(trace, ids))
    clickhouse.delete(stores.clickhouse(), trace)
    with stores.mongodb() as mongo:
        mongodb.delete(mongo, trace)
    postgres.delete(connection, trace)
    with redis_of(stores.settings) as now:
        if now is not None:
            redis.delete(now, trace)


def _listed(trace: Trace, ids: Sequence[str]) -> str:
    """A query of these sessions."""
    return f"SELECT '{trace.project_id}', arrayJoin({list(ids)}::Array(UUID))"


def _proven(stores: Stores, connection: Connection, request: Request, trace: Trace) -> Erased:
    proofs = list(search(stores, connection, trace))
    requests.prove(connection, request, proofs)
    places = {f"{one.store} ({one.places})": one.found for one in proofs if one.found}
    return Erased(request.request_id, places)


def search(stores: Stores, connection: Connection, trace: Trace) -> Iterator[Proof]:
    """A proof for each store: where an id of the trace still stands."""
    every = "every table and column that may hold an id"
    yield _proof("clickhouse", clickhouse.search(stores.clickhouse(), trace), every)
    with stores.mongodb() as mongo:
        yield _proof("mongodb", mongodb.search(mongo, trace), "every collection")
    yield _proof("postgresql", postgres.search(connection, trace), every)
    with redis_of(stores.settings) as now:
        if now is not None:
            yield _proof("redis", redis.search(now, trace), "keys and lists of the project")
    if storage_url():
        moved = found_moved(trace.project_id, trace.sessions)
        yield _proof("cold", {"recordings": moved} if moved else {}, "files of the project")
    yield spool.proof(stores.settings)


def _proof(store: str, found: Mapping[str, int], searched: str) -> Proof:
    places = ", ".join(f"{place}: {number}" for place, number in sorted(found.items()))
    return Proof(store, 0, sum(found.values()), places, searched)


def trace_of(subject: Subject, sessions: list[str]) -> Trace:
    """What to look for."""
    return Trace(subject.project_id, subject.user_id, tuple(sessions))


@contextmanager
def redis_of(settings: Settings) -> "Iterator[Redis | None]":
    """None where there is no Redis."""
    if not settings.redis_url:
        yield None
        return
    from redis import Redis  # each run loads this module, few erase

    with closing(Redis.from_url(settings.redis_url)) as client:
        yield client
