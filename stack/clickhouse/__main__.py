"""Starts the server: socket, engine, event loop; stops them in the other order."""

import asyncio
import os
import signal
import socket
import sys

import uvicorn

from stack.clickhouse.app import App
from stack.clickhouse.config import Config, from_command_line
from stack.clickhouse.engine import Engine
from stack.clickhouse.errors import QueryError
from stack.clickhouse.protocol import Protocol
from stack.clickhouse.service import Service

BACKLOG = 1024  # connections waiting to be accepted
GRACE_SECONDS = 3  # for running queries after SIGTERM, before they are killed


def main() -> None:
    """Exit code 1 and one line when the port or the folder is not ours to take."""
    config = from_command_line(sys.argv[1:], os.environ)
    try:
        listener = _bind(config)
    except OSError as error:
        sys.exit(f"cannot listen on {config.host}:{config.port}: {error.strerror or error}")
    try:
        engine = Engine(config)
    except BlockingIOError:
        sys.exit(f"cannot open {config.data_dir}: another server is using it")
    except (QueryError, OSError) as error:
        sys.exit(f"cannot open {config.data_dir}: {error}")
    # Not sys.exit: the engine's own threads crash in the interpreter's tear-down.
    os._exit(_serve(config, engine, listener))


class _Server(uvicorn.Server):
    """Kills what still runs when its grace is over, so that the clients are told."""

    def __init__(self, service: Service, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        killing = asyncio.create_task(self._kill_late())
        await super().shutdown(sockets)
        killing.cancel()

    async def _kill_late(self) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        await asyncio.to_thread(self._service.kill_all)


def _bind(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((config.host, config.port))
    return listener


def _serve(config: Config, engine: Engine, listener: socket.socket) -> int:
    service = Service(engine, config.users)
    app = App(service)
    server = _Server(
        service,
        uvicorn.Config(
            app,
            http=Protocol,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2 * GRACE_SECONDS,
        ),
    )
    # uvicorn sends the signal that stopped it to itself once more, when the engine is still open.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    host, port = listener.getsockname()[:2]
    listener.listen(BACKLOG)
    print(f"ClickHouse {engine.version} listens on http://{host}:{port}", flush=True)
    server.run(sockets=[listener])
    app.close()
    service.sessions.close()
    engine.close()
    return 0


if __name__ == "__main__":
    main()
