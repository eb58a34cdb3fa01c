"""ClickHouse as the lander sees it: Arrow inserts, what is in the ledger, what is erased."""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest.decode.rows import Row
from ingest.errors import RefusedByStoreError, StoreDownError
from ingest.sinks.interface import Kind, Session
from ingest.sinks.placement import as_writer, interface_of
from ingest.sinks.split import parts

# Without it a failure that lasts has the same words each time, and is told once.
QUERY_ID = re.compile(r"[?&]query_id=[-\w]+")
# Errors that values in an insert cause; any other is about the server or its tables: wait.
REFUSED_CODES = frozenset(
    {6, 19, 20, 26, 27, 32, 33, 38, 41, 43, 53, 69, 70, 72, 117, 128, 130, 131, 190, 196, 321}
    | {349, 376, 395, 407, 436, 441, 467, 469, 596, 632, 636, 675, 691}
)
# Ids in one statement: 36 characters and quotes each, and a server reads 256 KiB of SQL.
LOOKUP_CHUNK = 2000
# Session ids of refused events are kept as they were sent.
_OF_SESSIONS = {
    "raw.events": "session_id IN %(ids)s",
    "raw.replay_chunks": "session_id IN %(ids)s",
    "raw.rejected_events": "replaceAll(lower(session_id), '-', '') IN %(plain)s",
}


def connect(url: str) -> Client:
    """StoreDownError when the server does not answer. May be used by several threads."""
    # The driver logs a stack of its own for each failure that is raised here anyway.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    with translated():
        client = clickhouse_connect.get_client(
            dsn=url,
            interface=interface_of(url),
            database="default",  # the address's own may not be made yet
            autogenerate_session_id=False,
            tz_mode="aware",
            connect_timeout=5,
            send_receive_timeout=60,
        )
    return as_writer(client)


class ClickHouseSink:
    """A RowStore on a server whose raw tables are made; `opener` is called when first needed."""

    def __init__(self, opener: Callable[[], Client]) -> None:
        self._opener = opener
        self._opened: Client | None = None
        self._opening = Lock()

    @property
    def client(self) -> Client:
        """StoreDownError while the server does not answer."""
        with self._opening:
            if self._opened is None:
                self._opened = self._opener()
            return self._opened

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Each row has all columns that ingest fills."""
        columns = _columns(table, rows)
        database, name = table.split(".")
        with translated():
            self.client.insert_arrow(name, columns, database=database)

    def ledgered(self, batches: Iterable[tuple[str, str]]) -> set[str]:
        """Looked up by primary key."""
        found: set[str] = set()
        for project_id, ids in _by_project(batches):
            rows = self.rows(
                "SELECT toString(batch_id) FROM raw.ingest_ledger"
                " WHERE project_id = %(project)s AND batch_id IN %(ids)s",
                {"project": project_id, "ids": ids},
            )
            found |= {batch_id for (batch_id,) in rows}
        return found

    def erased(self, sessions: Collection[Session]) -> dict[Session, int]:
        """Looked up by primary key."""
        found: dict[Session, int] = {}
        for project_id, ids in _by_project(sessions):
            rows = self.rows(
                "SELECT toString(session_id), sum(events_erased) FROM raw.tombstones"
                " WHERE project_id = %(project)s AND session_id IN %(ids)s GROUP BY session_id",
                {"project": project_id, "ids": ids},
            )
            found |= {(project_id, session_id): int(count) for session_id, count in rows}
        return found

    def erased_users(self, hashes: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Looked up by primary key."""
        return {
            (project_id, found): int(erased_at)
            for project_id, texts in _by_project(hashes)
            for found, erased_at in self.rows(
                "SELECT user_hash, toUnixTimestamp64Milli(max(erased_at)) FROM raw.erased_users"
                " WHERE project_id = %(project)s AND user_hash IN %(hashes)s GROUP BY user_hash",
                {"project": project_id, "hashes": texts},
            )
        }

    def expiring(self, session: Session) -> set[tuple[Kind, str]]:
        """From the records of expiries that are at work or died."""
        project_id, session_id = session
        found = self.rows(
            "SELECT DISTINCT kind, toString(batch_id) FROM ops.expired"
            " WHERE project_id = %(project)s AND session_id = %(session)s AND expiry_id IN ("
            " SELECT expiry_id FROM ops.expiries GROUP BY expiry_id"
            " HAVING countIf(state != 'open') = 0)",
            {"project": project_id, "session": session_id},
        )
        return {(Kind(kind), batch_id) for kind, batch_id in found}

    def frozen(self, kind: Kind, sessions: Collection[Session]) -> set[Session]:
        """Those that nothing is landed in again: sealed, or their recording has expired."""
        tables = ["ops.sealed_sessions"]
        if kind is Kind.REPLAY:
            tables.append("ops.expired_replays")
        return {
            (project_id, session_id)
            for project_id, ids in _by_project(sessions)
            for table in tables
            for (session_id,) in self.rows(
                f"SELECT toString(session_id) FROM {table}"
                " WHERE project_id = %(project)s AND session_id IN %(ids)s",
                {"project": project_id, "ids": ids},
            )
        }

    def delete(
        self, sessions: Collection[Session], batch_ids: Collection[str] | None = None
    ) -> None:
        """Delete all rows of these sessions, or only these batches'; refused events too."""
        of_batches = "" if batch_ids is None else " AND batch_id IN %(batches)s"
        for project_id, ids in _by_project(sessions):
            parameters = {
                "project": project_id,
                "ids": ids,
                "plain": [text.replace("-", "") for text in ids],
                "batches": list(batch_ids or ()),
            }
            for table, session_in in _OF_SESSIONS.items():
                self._delete(
                    f"FROM {table} WHERE project_id = %(project)s AND {session_in}{of_batches}",
                    parameters,
                )
            if batch_ids is None:  # predictions come in no batch
                self._delete(
                    "FROM raw.predictions WHERE project_id = %(project)s AND session_id IN %(ids)s",
                    parameters,
                )

    def _delete(self, rows: str, parameters: dict[str, Any]) -> None:
        # A delete rewrites parts even when it finds nothing; most have nothing to find.
        if self.rows(f"SELECT 1 {rows} LIMIT 1", parameters):
            self.command(f"DELETE {rows}", parameters)

    def command(self, statement: str, parameters: dict[str, Any]) -> None:
        """Run a statement that answers nothing."""
        with translated():
            self.client.command(statement, parameters=parameters)

    def rows(self, query: str, parameters: dict[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        """The answer of a query."""
        with translated():
            return self.client.query(query, parameters=parameters or {}).result_rows

    def stream(self, query: str, parameters: dict[str, Any]) -> Iterator[Any]:
        """The rows of an answer too long to hold."""
        with (
            translated(),
            self.client.query_rows_stream(query, parameters=parameters) as answer,
        ):
            yield from answer

    def ping(self) -> None:
        """StoreDownError when the server does not answer."""
        self.rows("SELECT 1")


def _columns(table: str, rows: Iterable[Row]) -> Any:
    """An Arrow table; Arrow is loaded by the first insert, not by who only reads."""
    import pyarrow as pa

    from ingest.decode.arrow import table as arrow_table
    from ingest.sinks.tables import COLUMNS

    try:
        return arrow_table(rows, COLUMNS[table])
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise RefusedByStoreError(f"ClickHouse's columns cannot hold it: {error}") from error


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors to StoreError."""
    try:
        yield
    except ClickHouseError as error:
        is_refusal = getattr(error, "code", None) in REFUSED_CODES
        kind = RefusedByStoreError if is_refusal else StoreDownError
        told = QUERY_ID.sub("", str(error)).strip()
        raise kind(f"ClickHouse: {told}") from error
    except OSError as error:
        raise StoreDownError(f"ClickHouse does not answer: {error}") from error


def _by_project(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each project with its texts, as many as a statement holds at a time."""
    texts: dict[str, list[str]] = {}
    for project_id, text in sorted(set(pairs)):
        texts.setdefault(project_id, []).append(text)
    for project_id, its in texts.items():
        yield from ((project_id, part) for part in parts(its, LOOKUP_CHUNK))
