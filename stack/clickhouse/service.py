"""Serves one request in a thread: who asks, with what settings, on which connection, what."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stack.clickhouse import body, running
from stack.clickhouse.auth import User, authenticate
from stack.clickhouse.engine import MARK, Connection, Engine
from stack.clickhouse.errors import (
    NOT_IMPLEMENTED,
    QUERY_WITH_SAME_ID,
    READONLY,
    SYNTAX_ERROR,
    ClientGoneError,
    QueryError,
    refused,
)
from stack.clickhouse.reply import Reply
from stack.clickhouse.request import Request
from stack.clickhouse.sessions import Session, Sessions
from stack.clickhouse.statement import Kind, Statement
from stack.clickhouse.streams import Inlet, Outlet

READONLY_MESSAGE = (
    "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly."
    " You should use method POST for modifying queries."
)


@dataclass
class Call:
    """One request and its two bodies; `is_cancellable` once a SELECT is running."""

    request: Request
    inlet: Inlet
    outlet: Outlet
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_cancellable: bool = False


class Service:
    """Shared by all requests."""

    def __init__(self, engine: Engine, users: Sequence[User]) -> None:
        self._engine = engine
        self._users = users
        self.sessions = Sessions(engine)
        self._marks: dict[str, str] = {}  # by query id, of what is running
        self._lock = threading.Lock()

    def serve(self, call: Call) -> None:
        """Ends with the outlet ended, unless the client has gone."""
        headers = {
            "X-ClickHouse-Query-Id": call.request.query_id,
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        reply = Reply(call.outlet, self._engine.version, headers)
        try:
            try:
                self._answer(call, reply)
                reply.end()
            except QueryError as error:
                reply.fail(error)
        except ClientGoneError:
            return

    def kill(self, call: Call) -> None:
        """Stop what the call is running in the engine, if it has begun."""
        self._engine.kill(call.mark)

    def kill_all(self) -> None:
        """Stop everything that runs."""
        with self._lock:
            marks = list(self._marks.values())
        for mark in marks:
            self._engine.kill(mark)

    def _answer(self, call: Call, reply: Reply) -> None:
        request = call.request
        user = authenticate(self._users, request.headers, request.params)
        reply.choose(request.params, request.headers)
        chunks = body.decoded(iter(call.inlet), request.params, request.headers)
        query = request.params.get("query", "").encode("utf-8", "surrogateescape")
        statement, data = body.read_statement(query, chunks)
        _check(statement)
        with self._registered(call), self._connection(call, user) as (connection, session):
            if _is_readonly(request) and _writes(connection, statement):
                raise refused(READONLY, READONLY_MESSAGE)
            self._run(call, connection, statement, data, reply)
            if session and statement.keyword in {b"SET", b"USE"}:
                session.note_change()

    def _run(
        self,
        call: Call,
        connection: Connection,
        statement: Statement,
        data: Iterator[bytes],
        reply: Reply,
    ) -> None:
        request = call.request
        fmt = statement.format or request.default_format
        run = running.Run(connection, statement, request.parameters, fmt, reply)
        if statement.kind is Kind.INSERT_DATA:
            running.insert(run, data)
        elif statement.kind is Kind.SELECT:
            call.is_cancellable = True
            running.select(run, has_extremes=request.params.get("extremes") == "1")
        else:
            running.other(run)

    @contextmanager
    def _registered(self, call: Call) -> Iterator[None]:
        query_id = call.request.query_id
        with self._lock:
            if query_id in self._marks:
                raise refused(QUERY_WITH_SAME_ID, f"Query with id = {query_id} is already running.")
            self._marks[query_id] = call.mark
        try:
            yield
        finally:
            with self._lock:
                del self._marks[query_id]

    @contextmanager
    def _connection(self, call: Call, user: User) -> Iterator[tuple[Connection, Session | None]]:
        request = call.request
        settings = {MARK: call.mark, "log_comment": request.query_id, **request.settings()}
        settings.pop("readonly", None)  # it cannot be undone on a connection: see _is_readonly
        if "session_id" in request.params:
            with self.sessions.hold(user, request.params) as session:
                try:
                    session.borrow(settings, request.database)
                    yield session.connection, session
                finally:
                    session.give_back(settings, request.database)
            return
        connection = self._engine.connect()
        try:
            if user.is_readonly:
                connection.set({"readonly": "2"})
            if request.database:
                connection.use(request.database)
            connection.set(settings)
            yield connection, None
        finally:
            connection.close()


def _check(statement: Statement) -> None:
    if statement.has_many:
        raise refused(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed).")
    if statement.names_file:
        raise refused(
            NOT_IMPLEMENTED, "INTO OUTFILE and FROM INFILE are for files of the client, not here."
        )


def _is_readonly(request: Request) -> bool:
    return request.method == "GET" or request.params.get("readonly", "0") != "0"


def _writes(connection: Connection, statement: Statement) -> bool:
    if statement.kind is Kind.INSERT_DATA:
        return True
    if statement.keyword in {b"SET", b"USE"}:
        return False
    return connection.writes(statement.sql)
