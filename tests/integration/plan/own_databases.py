"""ClickHouse databases of a test's own under other names, and a client that stops where it is told.

The plan's tables are one set a warehouse; tests that open plans must not touch the plans of others.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from hxi.admin.sql_statements import split
from orchestration import plan

OPS_SCHEMA = Path(plan.__file__).parent / "schema" / "clickhouse"
DATABASES = ("raw", "ops", "gosight", "signals")
# What a plan and an expiry read of raw and signals. Memory: a statement takes a millisecond.
READ = {
    "raw.events": "project_id String, session_id UUID, event_id UUID,"
    " timestamp DateTime64(3, 'UTC'), batch_id UUID, landed_at DateTime64(3, 'UTC')",
    "raw.replay_chunks": "project_id String, session_id UUID, event_id UUID, batch_id UUID,"
    " landed_at DateTime64(3, 'UTC')",
    "raw.tombstones": "project_id String, session_id UUID",
    "raw.ingest_ledger": "project_id String, batch_id UUID",
    "signals.replay_facts": "project_id String, session_id UUID, timestamp DateTime64(3, 'UTC')",
}
NAMES = re.compile(rf"\b({'|'.join(DATABASES)})(?=\.)|(?<=')({'|'.join(DATABASES)})(?=')")


Parameters = dict[str, Any]
BeforeWrite = Callable[[int, str, Parameters | None], None]
"""Called with the number, the text and the parameters of a statement that is about to write."""


class CrashError(Exception):
    """Where a test lets a run die."""


class OwnDatabases:
    """Speaks to `<prefix>_raw`, `<prefix>_ops` and so on as if they were the warehouse's.

    What watches the writes may raise CrashError, or `run` statements of its own.
    """

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._writes = 0
        self._before_write: BeforeWrite | None = None

    def renamed(self, statement: str) -> str:
        """The statement on this test's databases; a Memory table knows one way to delete."""
        if (delete := re.match(r"DELETE FROM (\S+) (WHERE.*)", statement, re.DOTALL)) is not None:
            statement = f"ALTER TABLE {delete[1]} DELETE {delete[2]} SETTINGS mutations_sync = 2"
        return NAMES.sub(lambda match: f"{self._prefix}_{match[0]}", statement)

    def command(self, statement: str, parameters: Parameters | None = None) -> Any:
        """As the client's."""
        if self._before_write is not None:
            number, self._writes = self._writes, self._writes + 1
            self._before_write(number, statement, parameters)
        return self.run(statement, parameters)

    def run(self, statement: str, parameters: Parameters | None = None) -> Any:
        """A statement that is not counted: what others do meanwhile."""
        return self._client.command(self.renamed(statement), parameters=parameters)

    def query(self, statement: str, parameters: Parameters | None = None) -> Any:
        """As the client's."""
        return self._client.query(self.renamed(statement), parameters=parameters)

    def migrate(self, file: str) -> None:
        """Run one of the plan's migrations, up or down."""
        for statement in split((OPS_SCHEMA / file).read_text(), "clickhouse"):
            if not re.search(r"\bCREATE DATABASE\b", statement):
                self.run(statement)

    @contextmanager
    def watched(self, before_write: BeforeWrite) -> Iterator[None]:
        """Let `before_write` see the statements of the block."""
        self._before_write, self._writes = before_write, 0
        try:
            yield
        finally:
            self._before_write = None

    def as_client(self) -> Client:
        """What the plan's functions take: they call `command` and `query` alone."""
        return cast(Client, self)


@contextmanager
def own_databases(client: Client) -> Iterator[OwnDatabases]:
    """Empty databases with the plan's real tables, dropped after the block."""
    own = OwnDatabases(client, f"plan_{uuid4().hex[:12]}")
    for name in DATABASES:
        client.command(f"CREATE DATABASE IF NOT EXISTS {own.renamed(name + '.').rstrip('.')}")
    own.run(
        "CREATE TABLE raw.session_index (project_id String, session_id UUID, n UInt64)"
        " ENGINE = SummingMergeTree(n) ORDER BY (project_id, session_id)"
    )
    for table, columns in READ.items():
        own.run(f"CREATE TABLE {table} ({columns}) ENGINE = Memory")
    for file in sorted(OPS_SCHEMA.glob("*.up.sql")):
        own.migrate(file.name)
    yield own
    for name in DATABASES:
        client.command(f"DROP DATABASE {own.renamed(name + '.').rstrip('.')}")
