"""Runs a whole stack from this process: stores, schemas, ingest and, if asked, Dagster's pages."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from hxi.admin import access, answering, clients
from hxi.admin.endpoints import MARTS, Endpoints, endpoints_file
from hxi.admin.errors import StoreDownError
from hxi.admin.folder import DataFolder
from hxi.admin.prepare import prepare
from hxi.admin.urls import with_database
from stack import services
from stack.ports import HOST, PortChoice, choose, require_free
from stack.stores import clickhouse, mongodb, postgres, redis
from stack.supervisor import Program, Supervisor

READY_SECONDS = 180.0  # Dagster imports for long where others are busy too


class Stack:
    """A context manager; entering takes the data folder, `start_*` start things, leaving stops all.

    A store whose variable is set in `environment` is checked and prepared instead of started.
    """

    def __init__(
        self,
        data_dir: Path,
        ports: PortChoice = "auto",
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._data_dir = data_dir
        self._choice = ports
        self._environment = environment
        self._exit = ExitStack()
        self._addresses: dict[str, str] = {}
        self._endpoints: Endpoints | None = None

    def __enter__(self) -> Self:
        self.folder = DataFolder.at(self._data_dir)
        self._exit.enter_context(self.folder.locked())
        endpoints_file(self.folder.path).unlink(missing_ok=True)
        self.ports = choose(self._choice, self.folder.ports)
        self.passwords = self.folder.passwords()
        self.supervisor = Supervisor(self.folder.logs)
        self._exit.callback(self.supervisor.stop_all)
        self._exit.callback(endpoints_file(self.folder.path).unlink, missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    @property
    def endpoints(self) -> Endpoints:
        """Addresses of everything; the stores must have been started."""
        if self._endpoints is None:
            raise RuntimeError("start_stores comes first")
        return self._endpoints

    @property
    def pids(self) -> dict[str, int]:
        """Pid by program: clickhouse, mongodb, postgres, redis, ingest, pages, ui, runs."""
        return self.supervisor.pids

    def start_stores(self) -> None:
        """Start or check the four stores, make their schemas and the default project."""
        ports, passwords, folder = self.ports, self.passwords, self.folder
        self._store(
            "HXI_CLICKHOUSE_URL",
            clickhouse.url(ports.clickhouse, passwords.clickhouse),
            answering.clickhouse,
            lambda: clickhouse.program(folder, ports.clickhouse, passwords),
        )
        self._store(
            "HXI_MONGODB_URI",
            mongodb.uri(ports.mongodb),
            answering.mongodb,
            lambda: mongodb.program(folder, ports.mongodb),
        )
        self._store(
            "HXI_POSTGRES_DSN",
            postgres.dsn(ports.postgres, passwords.postgres),
            answering.postgres,
            lambda: postgres.program(folder, ports.postgres, passwords),
        )
        self._store(
            "HXI_REDIS_URL",
            redis.url(ports.redis, passwords.redis),
            answering.redis,
            lambda: redis.program(folder, ports.redis, passwords.redis),
        )
        self.wait_ready()
        self._endpoints = self._prepared()

    def start_ingest(self) -> None:
        """Start ingest and return when it answers ready; `hxi env` knows the stack from here on."""
        self._start(services.ingest(self.folder, self.ports, self.endpoints, self._ingest_dsn()))
        self.wait_ready("ingest")
        self.endpoints.save(self.folder.path)

    def wait_ready(self, *names: str) -> None:
        """Return when these (default: all) are up again, e.g. after one was killed."""
        self.supervisor.wait_ready(names or self.supervisor.names, READY_SECONDS)

    def start_ui(self) -> None:
        """Start the pages and Dagster's, and return when they answer."""
        self._start(services.pages(self.ports, self.endpoints))
        self._start(services.dagster(self.folder, self.ports, self.endpoints))
        self.wait_ready("pages", "ui")

    def end_ui(self) -> None:
        """End the pages and Dagster's; the schedules and sensors of its daemon end with them."""
        for name in ("ui", "pages"):
            self.supervisor.end(name)

    def start_runs(self, every: float) -> None:
        """Keep the tables up to date, looking every so many seconds whether anything is new."""
        require_free("metrics", self.ports.metrics)
        self.supervisor.start(services.runs(self.folder, self.ports, self.endpoints, every))

    def _store(
        self,
        variable: str,
        embedded: str,
        answers: Callable[[str], bool],
        program: Callable[[], Program],
    ) -> None:
        given = self._environment.get(variable, "")
        if given == embedded:  # from `hxi env` of an earlier run on this folder
            given = ""
        self._addresses[variable] = given or embedded
        if not given:
            self._start(program())
        elif not answers(given):
            raise StoreDownError(
                f"the store that {variable} names does not answer: start it, correct the address, "
                "or unset the variable to use the embedded one"
            )

    def _start(self, program: Program) -> None:
        port_name = {"ingest": "ingest_http"}.get(program.name, program.name)
        require_free(program.name, getattr(self.ports, port_name))
        self.supervisor.start(program)

    def _prepared(self) -> Endpoints:
        addresses = self._addresses
        stores = (
            with_database(addresses["HXI_CLICKHOUSE_URL"], MARTS),
            addresses["HXI_MONGODB_URI"],
            addresses["HXI_POSTGRES_DSN"],
        )
        project = prepare(self.folder, *stores)
        return Endpoints(
            *stores,
            redis_url=addresses["HXI_REDIS_URL"],
            ingest_url=f"http://{HOST}:{self.ports.ingest_http}",
            ingest_grpc=f"{HOST}:{self.ports.ingest_grpc}",
            project_id=project.id,
            project_key=project.key,
            clickhouse_reader_url=self._reader_url(),
        )

    def _ingest_dsn(self) -> str:
        """Ingest's own login, where there is one: the owner's password is not for every process."""
        if postgres.NAME not in self.supervisor.names:
            return self._environment.get(access.INGEST_DSN, "") or self.endpoints.postgres_dsn
        with clients.postgres(self.endpoints.postgres_dsn) as connection:
            access.open_ingest(connection, self.passwords.postgres_ingest)
        return postgres.dsn(self.ports.postgres, self.passwords.postgres_ingest, access.INGEST)

    def _reader_url(self) -> str:
        if clickhouse.NAME not in self.supervisor.names:
            return ""
        password = self.passwords.clickhouse_reader
        return clickhouse.url(self.ports.clickhouse, password, clickhouse.READER)


@contextmanager
def running_stack(
    data_dir: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[Endpoints]:
    """A stack for the length of a `with`, on ports that are free; see `Stack` for its parts."""
    with Stack(data_dir, "auto", environment) as stack:
        stack.start_stores()
        stack.start_ingest()
        yield stack.endpoints
