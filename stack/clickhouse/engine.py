"""The one engine of the process, and connections to it with errors in the interface's own form."""

import contextlib
import fcntl
import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

from stack.clickhouse import config as configuration
from stack.clickhouse.errors import (
    NOT_ENOUGH_SPACE,
    NOT_IMPLEMENTED,
    QueryError,
    from_engine,
    refused,
)
from stack.clickhouse.tokens import literal, quoted

Params = Mapping[str, str]
# The engine makes its own query ids. This setting is a text without effect on a single server, so
# it carries ours into system.processes, where KILL finds it.
MARK = "cluster_for_parallel_replicas"
DEFAULT_DATABASE = "default"


@cache
def _native() -> Any:
    return importlib.import_module("chdb._chdb")


class Connection:
    """Settings, current database and temporary tables of its own; one statement at a time."""

    def __init__(self, address: str) -> None:
        self._raw = _native().connect(address)
        self.progress: dict[str, int] = {}
        self._raw.set_progress_callback(self._keep_progress)

    def _keep_progress(self, progress: dict[str, int]) -> None:
        self.progress = progress

    def query(self, sql: bytes | str, fmt: str = "Null", params: Mapping[str, str] = {}) -> Any:
        """The engine's result object, whole in memory."""
        with _engine_errors():
            return self._raw.query(sql, fmt, params=dict(params))

    def text(self, sql: str) -> str:
        """A small result as TSVRaw without its last line end."""
        return bytes(self.query(sql, "TSVRaw").bytes()).decode().removesuffix("\n")

    def stream(self, sql: bytes, fmt: str, params: Mapping[str, str]) -> Iterator[Any]:
        """Result objects, each encoded on its own; closing the iterator early cancels the query."""
        with _engine_errors():
            handle = self._raw.send_query(sql, fmt, params=dict(params))
            done = False
            try:
                while True:
                    result = self._raw.streaming_fetch_result(handle)
                    if result.rows_read() == 0:
                        done = True
                        return
                    yield result
            except RuntimeError:
                done = True
                raise
            finally:
                if not done:
                    self._raw.streaming_cancel_query(handle)

    def insert(
        self, head: bytes, tail: bytes, fmt: str, chunks: Iterator[bytes], params: Params
    ) -> Any:
        """Answers the engine's counters once all is written; nothing is begun when `chunks` raises.

        The engine's own streaming insert is not used: it reports success when a constraint, a
        materialized view or the disk refused the rows. So the data is a file, gone with its handle.
        """
        with tempfile.TemporaryFile(dir=".") as data:
            try:
                data.writelines(chunks)
                data.flush()
            except OSError as error:
                raise refused(NOT_ENOUGH_SPACE, f"Cannot keep the data: {error}.") from error
            source = f" FROM INFILE '/dev/fd/{data.fileno()}' COMPRESSION 'none' ".encode()
            form = f" FORMAT {fmt}".encode()
            return self.query(head + source + tail + form, "Null", params)

    def set(self, settings: Mapping[str, str | None]) -> None:
        """All in one statement; None resets to the default."""
        if settings:
            parts = (
                f"{quoted(name)} = {'DEFAULT' if value is None else literal(value)}"
                for name, value in settings.items()
            )
            self.query(b"SET " + ", ".join(parts).encode("utf-8", "surrogateescape"))

    def use(self, database: str) -> None:
        """81 when there is no such database."""
        self.query(f"USE {quoted(database)}")

    def be(self, role: str) -> None:
        """Have the rights of that role only."""
        self.query(f"SET ROLE {role}")

    def writes(self, sql: bytes) -> bool:
        """Whether the statement changes anything; text that does not parse does not."""
        with _engine_errors():
            kind = self._raw.classify_query(sql)["query_class"]
        return bool(kind not in {_native().query_class.READ_ONLY, _native().query_class.UNKNOWN})

    def close(self) -> None:
        """Drops its temporary tables."""
        self._raw.close()


class Engine:
    """Owns the data folder. Never fork a process that holds one: the child hangs."""

    def __init__(self, config: configuration.Config) -> None:
        """BlockingIOError when another process holds the folder; QueryError when it is damaged."""
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(config.data_dir / "lock")
        configuration.write_engine_files(config)
        # Relative names below: the address is cut at `?` and `&`, which a folder's name may hold.
        os.chdir(config.data_dir)
        self._address = f"engine?config-file={configuration.CONFIG_FILE}"
        os.environ["TZ"] = "UTC"  # read when the library is loaded, hence the late import
        _native().set_signal_handlers_enabled(0)
        with _engine_errors():
            self._root = Connection(self._address)
        own_default_database(self._root, config.data_dir / "engine")
        self.version = self._root.text("SELECT version()")
        self.timezone = self._root.text("SELECT timezone()")

    def connect(self, *, is_readonly: bool = False) -> Connection:
        """Cheap (0.1 ms): a request takes a fresh one."""
        connection = Connection(self._address)
        if is_readonly:
            connection.set({"profile": configuration.READER_PROFILE})  # limits it may not lift
            connection.set({"readonly": "2"})  # settings may be changed, but not this one
            connection.be(configuration.READER_ROLE)
        return connection

    def kill(self, mark: str) -> None:
        """Ask the running query of that mark to stop; does not wait for its end."""
        connection = self.connect()
        try:
            for query_id in self.query_ids(connection, mark):
                connection.query(f"KILL QUERY WHERE query_id = {literal(query_id)} ASYNC")
        finally:
            connection.close()

    @staticmethod
    def query_ids(connection: Connection, mark: str) -> list[str]:
        """The engine's own ids of what runs for us under that mark."""
        marked = f"Settings[{literal(MARK)}] = {literal(mark)}"
        return connection.text(f"SELECT query_id FROM system.processes WHERE {marked}").split()

    def close(self) -> None:
        """The engine stops with its last connection."""
        self._root.close()
        self._lock.close()


def _locked(file: Path) -> IO[bytes]:
    """Our own lock, because the engine tells of its own in many lines on stderr."""
    lock = file.open("ab")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def own_default_database(connection: Connection, folder: Path) -> None:
    """Make `default` an ordinary database.

    The engine wraps it in one where a table's name is the path of any file of this machine, and
    where refreshable views do not work.
    """
    kept = folder / "metadata" / "default.sql"
    # Without a table its id is a new one at each start, and the kept one cannot be attached.
    uuid = connection.text("SELECT uuid FROM system.databases WHERE name = 'default'")
    if kept.exists() and uuid in kept.read_text():
        connection.query("DETACH DATABASE default")
        connection.query("ATTACH DATABASE default")
    elif connection.text("SELECT count() FROM system.tables WHERE database = 'default'") == "0":
        connection.query("DROP DATABASE default")
        connection.query("CREATE DATABASE default ENGINE = Atomic")
    else:
        raise refused(
            NOT_IMPLEMENTED,
            "The database `default` has tables but was not made by this server: move them to"
            " another database with the program that made them.",
        )


@contextlib.contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except (QueryError, GeneratorExit):
        raise
    except RuntimeError as error:
        raise from_engine(error) from error
