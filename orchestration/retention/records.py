"""What an expiry decides, in ClickHouse `ops`: all of it is written before anything is deleted.

Each function may be repeated by the same expiry: it adds what is missing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import UNFINISHED
from orchestration.retention.limits import CutOffs
from orchestration.stores.clients import integer

KEY = "project_id, session_id"
NONE = "00000000-0000-0000-0000-000000000000"
SEALED = f"SELECT {KEY} FROM ops.sealed_sessions"
ERASED = f"SELECT {KEY} FROM raw.tombstones"
IN_A_PLAN = f"SELECT {KEY} FROM ops.plan_sessions WHERE plan_id IN ({UNFINISHED})"
CLOSED = "SELECT project_id, day FROM ops.closed_days"
# Built from all that the index tells of, with no rebuild under way and no erasure to come.
BUILT = f"""
    SELECT landed.project_id, landed.session_id
    FROM (SELECT {KEY}, sum(n) AS n FROM raw.session_index GROUP BY {KEY}) AS landed
    INNER JOIN (SELECT {KEY}, argMax(n, plan_id) AS n FROM ops.done GROUP BY {KEY}) AS built
        ON built.project_id = landed.project_id AND built.session_id = landed.session_id
    WHERE landed.n = built.n
      AND (landed.project_id, landed.session_id) NOT IN ({IN_A_PLAN})
      AND (landed.project_id, landed.session_id) NOT IN ({ERASED})"""

# What a session was built from; of payloads that left, when the newest landed.
LANDED = f"""
    SELECT {KEY}, batch_id, event_id, landed_at, 'events' AS kind FROM raw.events
    UNION ALL
    SELECT {KEY}, batch_id, event_id, landed_at, 'replay' FROM raw.replay_chunks
    UNION ALL
    SELECT {KEY}, toUUID('{NONE}'), toUUID('{NONE}'), landed_through, '' FROM ops.expired_replays"""


@dataclass(frozen=True)
class Expiry:
    """One expiry; its number is its lease's."""

    expiry_id: int
    cut_offs: CutOffs


def open_expiry(client: Client, expiry: Expiry) -> None:
    """From here on it will be finished, by whichever run."""
    cut_offs = expiry.cut_offs
    for project_id, own in cut_offs.projects.items():
        client.command(
            f"INSERT INTO ops.expiry_projects SELECT {expiry.expiry_id}, {project_id!r},"
            f" {_time(own.raw_before)}, {_time(own.replay_before)},"
            f" toDate('{own.marts_before}'), {own.moves_replays}"
        )
    client.command(
        f"INSERT INTO ops.expiries SELECT {expiry.expiry_id}, 'open', {_time(cut_offs.as_of)},"
        f" {_time(cut_offs.raw_before)}, {_time(cut_offs.replay_before)},"
        f" toDate('{cut_offs.marts_before}'), now64(3, 'UTC')"
    )


def unfinished(client: Client) -> list[Expiry]:
    """Expiries that died, oldest first."""
    rows = client.query(
        "SELECT expiry_id, toString(any(as_of)), toString(any(raw_before)),"
        " toString(any(replay_before)), any(marts_before) FROM ops.expiries"
        " GROUP BY expiry_id HAVING countIf(state != 'open') = 0 ORDER BY expiry_id"
    ).result_rows
    return [
        Expiry(
            int(number),
            CutOffs(
                *(_utc(as_of), _utc(raw), _utc(replay), marts),
                projects=_of_projects(client, int(number), _utc(as_of)),
            ),
        )
        for number, as_of, raw, replay, marts in rows
    ]


def _of_projects(client: Client, expiry_id: int, as_of: datetime) -> dict[str, CutOffs]:
    rows = client.query(
        "SELECT project_id, toString(raw_before), toString(replay_before), marts_before,"
        f" moves_replays FROM ops.expiry_projects FINAL WHERE expiry_id = {expiry_id}"
    ).result_rows
    return {
        project: CutOffs(as_of, _utc(raw), _utc(replay), marts, moves_replays=moves)
        for project, raw, replay, marts, moves in rows
    }


def close_expiry(client: Client, expiry: Expiry) -> None:
    """The last step."""
    client.command(
        "INSERT INTO ops.expiries SELECT expiry_id, 'closed', as_of, raw_before, replay_before,"
        f" marts_before, now64(3, 'UTC') FROM ops.expiries WHERE expiry_id = {expiry.expiry_id}"
        " LIMIT 1"
    )


def old_replays(expiry: Expiry) -> str:
    """A query of payloads of sessions whose newest is too old and whose replay facts are made."""
    old = f"""
        SELECT {KEY} FROM raw.replay_chunks GROUP BY {KEY}
        HAVING max(landed_at) < {_replay_before(expiry)}"""
    return f"""
        SELECT {KEY}, landed_at FROM raw.replay_chunks
        WHERE ({KEY}) IN ({old}) AND ({KEY}) IN ({BUILT})
          AND ({KEY}) NOT IN (SELECT {KEY} FROM ops.expired_replays)
          AND ({KEY}) NOT IN ({_landing(f"{KEY}, batch_id FROM raw.replay_chunks", old)})"""


def record_replays(client: Client, expiry: Expiry, staying: Collection[str]) -> None:
    """Recordings that leave; those of projects that are `staying` wait for the next expiry."""
    client.command(
        f"""
        INSERT INTO ops.expired_replays (expiry_id, {KEY}, landed_through)
        SELECT {expiry.expiry_id}, {KEY}, max(landed_at) FROM ({old_replays(expiry)})
        WHERE NOT has({{staying:Array(String)}}, project_id)
        GROUP BY {KEY}
        """,
        parameters={"staying": sorted(staying)},
    )


def seal(client: Client, expiry: Expiry) -> None:
    """Sessions whose newest row is too old and that are built from all their rows."""
    old = f"""
        SELECT {KEY} FROM ({LANDED}) GROUP BY {KEY}
        HAVING max(landed_at) < {_raw_before(expiry)}"""
    client.command(
        f"""
        INSERT INTO ops.sealed_sessions
            ({KEY}, reason, sealed_at, landed_through, events, replay_payloads)
        SELECT {KEY}, 'raw_expired', now64(3, 'UTC'), max(landed_at),
               uniqExactIf(event_id, kind = 'events'), uniqExactIf(event_id, kind = 'replay')
        FROM ({LANDED})
        WHERE ({KEY}) IN ({old}) AND ({KEY}) IN ({BUILT}) AND ({KEY}) NOT IN ({SEALED})
          AND ({KEY}) NOT IN ({_landing(f"{KEY}, batch_id FROM ({LANDED})", old)})
        GROUP BY {KEY}
        """
    )


def _landing(batches: str, sessions: str) -> str:
    """A query of those of `sessions` that have a batch which is not in the ledger yet.

    It is the lander's: its rows may not be in the index, and then no run has seen them.
    """
    of_sessions = f"SELECT {batches} WHERE ({KEY}) IN ({sessions})"
    return f"""
        SELECT {KEY} FROM ({of_sessions})
        WHERE (project_id, batch_id) NOT IN ({_ledgered(of_sessions)})
          AND batch_id != toUUID('{NONE}')"""


def _ledgered(batches: str) -> str:
    """Those of a query's batches that are in the ledger, found by its key."""
    return f"""
        SELECT project_id, batch_id FROM raw.ingest_ledger
        WHERE (project_id, batch_id) IN (SELECT project_id, batch_id FROM ({batches}))"""


def record_rows(client: Client, expiry: Expiry) -> None:
    """Rows of raw that leave: of sealed sessions, and replay payloads whose time is over.

    Rows of a batch that is not in the ledger yet stay, and those of erased sessions, which an
    erasure counts.
    """
    raw, replay = _raw_before(expiry), _replay_before(expiry)
    _record(
        client,
        expiry,
        kind="events",
        frozen=f"SELECT {KEY}, landed_through, {raw} AS before FROM ops.sealed_sessions",
        late=f"(landed.project_id, toDate(landed.timestamp)) IN ({CLOSED})",
    )
    _record(
        client,
        expiry,
        kind="replay_chunks",
        frozen=f"""
            SELECT {KEY}, min(landed_through) AS landed_through, max(before) AS before
            FROM (
                SELECT {KEY}, landed_through, greatest({raw}, {replay}) AS before
                FROM ops.sealed_sessions
                UNION ALL
                SELECT {KEY}, landed_through, {replay} FROM ops.expired_replays)
            GROUP BY {KEY}""",
        late="0",
    )


def _record(client: Client, expiry: Expiry, *, kind: str, frozen: str, late: str) -> None:
    """`frozen`: sessions, the newest landing they were built from, and before what rows leave."""
    mine = f"SELECT {KEY} FROM ({frozen})"
    client.command(
        f"""
        INSERT INTO ops.expired (expiry_id, {KEY}, kind, batch_id, rows, late)
        SELECT {expiry.expiry_id}, landed.project_id, landed.session_id, '{kind}', landed.batch_id,
               uniqExact(landed.event_id),
               uniqExactIf(landed.event_id, landed.landed_at > frozen.landed_through OR {late})
        FROM raw.{kind} AS landed
        INNER JOIN ({frozen}) AS frozen
            ON frozen.project_id = landed.project_id AND frozen.session_id = landed.session_id
        WHERE (landed.project_id, landed.session_id) IN ({mine})
          AND (landed.project_id, landed.session_id) NOT IN ({ERASED})
          AND (landed.project_id, landed.session_id, landed.batch_id) NOT IN (
              SELECT {KEY}, batch_id FROM ops.expired
              WHERE expiry_id = {expiry.expiry_id} AND kind = '{kind}')
          AND (landed.project_id, landed.batch_id) IN (
              {_ledgered(f"SELECT project_id, batch_id FROM raw.{kind} WHERE ({KEY}) IN ({mine})")})
        GROUP BY landed.project_id, landed.session_id, landed.batch_id
        HAVING max(landed.landed_at) < any(frozen.before)
        """
    )


def close_days(client: Client, expiry: Expiry) -> None:
    """Days before the limit on which nothing is left to build: all their sessions are sealed.

    What has landed and is not built yet, what a run that died was at, and what an erasure will
    take away all keep a day open.
    """
    client.command(
        f"""
        INSERT INTO ops.closed_days (expiry_id, project_id, day)
        SELECT DISTINCT {expiry.expiry_id}, project_id, toDate(timestamp) AS day
        FROM gosight.events
        WHERE day < {_marts_before(expiry)}
          AND (project_id, day) NOT IN ({CLOSED})
          AND (project_id, day) NOT IN (
              SELECT project_id, toDate(timestamp) FROM gosight.events
              WHERE ({KEY}) NOT IN ({SEALED}) OR ({KEY}) IN ({ERASED}))
          AND (project_id, day) NOT IN (
              SELECT project_id, toDate(timestamp) FROM raw.events WHERE ({KEY}) NOT IN ({SEALED}))
          AND (project_id, day) NOT IN (
              SELECT project_id, day FROM ops.plan_days WHERE plan_id IN ({UNFINISHED}))
        """
    )


def record_marts(client: Client, expiry: Expiry) -> None:
    """Sealed sessions all of whose days are closed; recordings without events by their own days."""
    client.command(
        f"""
        INSERT INTO ops.expired_marts (expiry_id, {KEY})
        SELECT {expiry.expiry_id}, {KEY}
        FROM (
            SELECT {KEY}, toDate(timestamp) AS day, (project_id, day) NOT IN ({CLOSED}) AS is_open
            FROM gosight.events
            UNION ALL
            SELECT {KEY}, toDate(timestamp), 0 FROM signals.replay_facts)
        WHERE ({KEY}) IN ({SEALED}) AND ({KEY}) NOT IN ({ERASED})
        GROUP BY {KEY}
        HAVING max(is_open) = 0 AND max(day) < {_marts_before(expiry)}
        """
    )


def of_expiry(table: str, expiry: Expiry) -> str:
    """A query of the sessions in ops.<table>."""
    return f"SELECT {KEY} FROM ops.{table} WHERE expiry_id = {expiry.expiry_id}"


def count(client: Client, table: str, expiry: Expiry) -> int:
    """Rows of this expiry in ops.<table>."""
    return integer(
        client, f"SELECT count() FROM ops.{table} FINAL WHERE expiry_id = {expiry.expiry_id}"
    )


def _raw_before(expiry: Expiry) -> str:
    return _of_project(expiry, lambda one: _time(one.raw_before))


def _replay_before(expiry: Expiry) -> str:
    return _of_project(expiry, lambda one: _time(one.replay_before))


def _marts_before(expiry: Expiry) -> str:
    return _of_project(expiry, lambda one: f"toDate('{one.marts_before}')")


def _of_project(expiry: Expiry, literal: Callable[[CutOffs], str]) -> str:
    """An expression of the column project_id: a project's own cut-off, else that of all."""
    own = expiry.cut_offs.projects
    if not own:
        return literal(expiry.cut_offs)
    values = ", ".join(map(literal, own.values()))
    return f"transform(project_id, {list(own)}, [{values}], {literal(expiry.cut_offs)})"


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def _time(moment: datetime) -> str:
    return f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S.%f}', 3, 'UTC')"
