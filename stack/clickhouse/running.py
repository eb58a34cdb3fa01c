"""Runs one statement on one connection and writes what comes of it into the reply."""

import contextlib
import fcntl
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.clickhouse.engine import Connection
from stack.clickhouse.errors import BAD_REQUEST_PARAMETER, NOT_IMPLEMENTED, QueryError, refused
from stack.clickhouse.reply import Reply
from stack.clickhouse.statement import Statement

# send_query encodes each block on its own; only of these formats may the pieces be joined.
JOINABLE = {"Native", "RowBinary", "TabSeparated", "TSV", "CSV", "JSONEachRow"}
COUNTERS = (
    *("read_rows", "read_bytes", "written_rows", "written_bytes", "total_rows_to_read"),
    *("result_rows", "result_bytes", "elapsed_ns"),
)
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1 << 20
INPUT = re.compile(rb"\binput\s*\(\s*'((?:[^'\\]|\\.|'')*)'\s*\)", re.IGNORECASE)
INPUT_TABLE = b"_data_of_input"


@dataclass
class Run:
    """One statement on its way."""

    connection: Connection
    statement: Statement
    parameters: Mapping[str, str]
    format: str
    reply: Reply
    counters: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The summary is asked for when headers are sent, which may be in the middle."""
        self.connection.progress = {}
        self.reply.summary = self.summary

    def summary(self) -> dict[str, int]:
        """What is known so far."""
        progress = self.connection.progress
        return {name: max(progress.get(name, 0), self.counters.get(name, 0)) for name in COUNTERS}

    def count(self, result: Any) -> None:
        """Counters of a result that came whole."""
        self.counters["written_rows"] = result.rows_written()
        self.counters["written_bytes"] = result.bytes_written()
        self.counters["elapsed_ns"] = int(result.elapsed() * 1e9)

    def add(self, rows: int, size: int) -> None:
        """Rows and bytes of the result that are on their way out."""
        self.counters["result_rows"] = self.counters.get("result_rows", 0) + rows
        self.counters["result_bytes"] = self.counters.get("result_bytes", 0) + size


def select(run: Run, *, has_extremes: bool) -> None:
    """By pieces where the format allows it; else through a pipe the engine takes for a file."""
    run.reply.has_result(run.format)
    if run.format not in JOINABLE or run.statement.has_totals or has_extremes:
        _through_pipe(run)
        return
    try:
        for result in run.connection.stream(run.statement.text, run.format, run.parameters):
            data = result.bytes()
            run.add(result.rows_read(), len(data))
            run.reply.write(data)
    except QueryError as error:
        if error.code != BAD_REQUEST_PARAMETER or "Streaming query is not supported" not in str(
            error
        ):
            raise
        other(run)


def other(run: Run) -> None:
    """DDL, SET, SHOW, INSERT SELECT and the like: results are small."""
    if run.statement.words == (b"CREATE", b"USER", b"IF"):
        # The engine cannot store users. Tools that make sure of one as a first step must get on;
        # a plain CREATE USER gets the engine's refusal.
        print("CREATE USER IF NOT EXISTS has no effect here", file=sys.stderr)
        return
    result = run.connection.query(run.statement.text, run.format, run.parameters)
    data = result.bytes()
    run.count(result)
    run.add(result.rows_read() if data else 0, len(data))
    if run.statement.answers or data:
        run.reply.has_result(run.format)
    if data:
        run.reply.write(data)


def insert(run: Run, data: Iterator[bytes]) -> None:
    """All of one block or nothing; blocks are about a million rows."""
    statement = run.statement
    if statement.reads_input:
        _insert_from_input(run, data)
        return
    result = run.connection.insert(
        statement.sql, statement.tail, statement.format, data, run.parameters
    )
    run.count(result)


def _insert_from_input(run: Run, data: Iterator[bytes]) -> None:
    """The engine has no data for input(): a temporary table takes its place."""
    found = INPUT.search(run.statement.sql)
    if not found:
        raise refused(NOT_IMPLEMENTED, "input() takes one literal: the columns of the data.")
    connection, columns = run.connection, found[1].replace(b"\\'", b"'").replace(b"''", b"'")
    connection.query(b"CREATE TEMPORARY TABLE " + INPUT_TABLE + b" (" + columns + b")")
    try:
        head = b"INSERT INTO " + INPUT_TABLE
        connection.insert(head, b"", run.statement.format, data, {})
        sql = run.statement.sql[: found.start()] + INPUT_TABLE + run.statement.sql[found.end() :]
        run.count(connection.query(sql, "Null", run.parameters))
    finally:
        connection.query(b"DROP TEMPORARY TABLE IF EXISTS " + INPUT_TABLE)


def _through_pipe(run: Run) -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(read_end, F_SETPIPE_SZ, PIPE_BYTES)
    writer = _Writer(run, write_end)
    writer.start()
    try:
        while data := os.read(read_end, PIPE_BYTES):
            run.add(0, len(data))
            run.reply.write(data)
    finally:
        # The engine does not notice a closed read end: read on until it has ended.
        while os.read(read_end, PIPE_BYTES):
            pass
        writer.join()
        os.close(read_end)
    if writer.error:
        raise writer.error


class _Writer(threading.Thread):
    """Runs the query into the pipe and closes it."""

    def __init__(self, run: Run, write_end: int) -> None:
        super().__init__(name="pipe writer")
        self._run = run
        self._write_end = write_end
        self.error: QueryError | None = None

    def run(self) -> None:
        statement = self._run.statement
        into = f"\nINTO OUTFILE '/dev/fd/{self._write_end}' TRUNCATE FORMAT {self._run.format} "
        sql = statement.sql + into.encode() + statement.tail
        try:
            result = self._run.connection.query(sql, "Null", self._run.parameters)
            self._run.add(result.rows_read(), 0)
        except QueryError as error:
            self.error = error
        finally:
            with contextlib.suppress(OSError):
                os.close(self._write_end)
