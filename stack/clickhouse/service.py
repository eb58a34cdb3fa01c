"""Serves one request in a thread: who asks, with what settings, on which connection, what."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from stack.clickhouse import body, guard, running
from stack.clickhouse.auth import User, authenticate
from stack.clickhouse.config import OWNER_ROLE, READER_ROLE
from stack.clickhouse.engine import MARK, Connection, Engine
from stack.clickhouse.errors import QUERY_WITH_SAME_ID, ClientGoneError, QueryError, refused
from stack.clickhouse.external import ExternalTable, drop, external_tables, fill, own_params
from stack.clickhouse.kill import with_engine_ids
from stack.clickhouse.multipart import boundary_of, parse_form
from stack.clickhouse.reply import Reply
from stack.clickhouse.request import Request
from stack.clickhouse.sessions import Sessions
from stack.clickhouse.statement import Kind, Statement
from stack.clickhouse.streams import Inlet, Outlet


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
        finally:
            self.sessions.sweep()

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
        chunks = body.decoded(iter(call.inlet), request.params, request.headers)
        request, tables = _with_form(request, chunks)
        reply.choose(request.params, request.headers)
        query = request.params.get("query", "").encode("utf-8", "surrogateescape")
        statement, data = body.read_statement(query, chunks)
        settings = request.settings(own_params(tables))
        guard.check(statement, settings)
        job = Job(call, request, statement, data, reply, user, tables, settings)
        with self._registered(call):
            if "session_id" in request.params:
                self._in_session(job)
            else:
                self._alone(job)

    def _alone(self, job: "Job") -> None:
        connection = self._engine.connect(is_readonly=job.user.is_readonly)
        try:
            if job.request.database:
                connection.use(job.request.database)
            connection.set(job.marked_settings)
            self._run(job, connection)
        finally:
            connection.close()

    def _in_session(self, job: "Job") -> None:
        database, settings = job.request.database, job.marked_settings
        with self.sessions.hold(job.user, job.request.params) as session:
            try:
                session.borrow(settings, database)
                self._run(job, session.connection)
            finally:
                drop(session.connection, job.tables)
                session.give_back(settings, database)
            if job.statement.keyword in {b"SET", b"USE"}:
                session.note_change()

    def _run(self, job: "Job", connection: Connection) -> None:
        statement = job.statement
        guard.check_request(connection, job.request, statement)
        if job.user.is_readonly:
            guard.check_reader(connection, statement)
        self._fill(job, connection)
        if statement.keyword == b"KILL":
            with self._lock:
                marks = dict(self._marks)
            statement = replace(statement, sql=with_engine_ids(statement.sql, marks, connection))
        fmt = statement.format or job.request.default_format
        run = running.Run(connection, statement, job.request.parameters, fmt, job.reply)
        if statement.kind is Kind.INSERT_DATA:
            running.insert(run, job.data)
        elif statement.kind is Kind.SELECT:
            job.call.is_cancellable = True
            running.select(run, has_extremes=job.settings.get("extremes") == "1")
        else:
            running.other(run)

    @staticmethod
    def _fill(job: "Job", connection: Connection) -> None:
        if job.tables and job.user.is_readonly:
            connection.be(OWNER_ROLE)  # to make temporary tables, which a reader may not
        fill(connection, job.tables)
        if job.tables and job.user.is_readonly:
            connection.be(READER_ROLE)

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


@dataclass
class Job:
    """A request, taken apart."""

    call: Call
    request: Request
    statement: Statement
    data: Iterator[bytes]
    reply: Reply
    user: User
    tables: tuple[ExternalTable, ...]
    settings: dict[str, str]

    @property
    def marked_settings(self) -> dict[str, str]:
        """With the marks by which the query is found again; `readonly` is the guard's business."""
        own = {MARK: self.call.mark, "log_comment": self.request.query_id}
        given = {name: value for name, value in self.settings.items() if name != "readonly"}
        return {**own, **given}


def _with_form(
    request: Request, chunks: Iterator[bytes]
) -> tuple[Request, tuple[ExternalTable, ...]]:
    boundary = boundary_of(request.headers.get("content-type", ""))
    if not boundary:
        return request, ()
    form = parse_form(boundary, chunks)
    params = {**request.params, **form.fields}
    return replace(request, params=params), external_tables(form.files, params)
