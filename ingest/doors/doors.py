"""Both doors as one thing: opened together, closed together after their last answer."""

import asyncio
import socket
from typing import Any, Self

from ingest.doors import grpc_server, http_server
from ingest.doors.asked import Asked
from ingest.doors.health import Health
from ingest.doors.live import LiveDoor
from ingest.doors.tls import certificate_of
from ingest.errors import IngestError
from ingest.intake import Intake
from ingest.settings import VARIABLES, Settings

# Requests under way at a stop have so long to be answered.
STOP_SECONDS = 8


class DoorError(IngestError):
    """A door cannot be opened, or has closed by itself; the text says which and what to do."""


class Doors:
    """They hold their ports from `open` on; HTTP requests wait for `serve_until`."""

    def __init__(
        self, http_socket: socket.socket, http: http_server.Server, grpc: Any, grpc_port: int
    ) -> None:
        self._http_socket = http_socket
        self._http = http
        self._grpc = grpc
        self.http_port: int = http_socket.getsockname()[1]
        self.grpc_port = grpc_port

    @classmethod
    async def open(cls, settings: Settings, intake: Intake, health: Health, live: LiveDoor) -> Self:
        """DoorError for a port that cannot be had, SettingsError for a certificate of no use."""
        certificate = certificate_of(settings.tls_certificate, settings.tls_key)
        http_socket = _listen(settings, "http_port")
        try:
            # Tried first, because gRPC reports a failure in many lines of its own.
            _listen(settings, "grpc_port").close()
            grpc, grpc_port = await grpc_server.start(
                intake, settings.host, settings.grpc_port, certificate
            )
        except BaseException:
            http_socket.close()
            raise
        asked = Asked(intake, health, live, settings.metrics_token)
        door = http_server.HttpDoor(intake, asked, settings.sdk_dir)
        http = http_server.server(door, STOP_SECONDS, certificate)
        return cls(http_socket, http, grpc, grpc_port)

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set and what was under way is answered."""
        serving = asyncio.create_task(self._http.serve(sockets=[self._http_socket]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._http.should_exit = True
        await asyncio.gather(serving, self._grpc.stop(STOP_SECONDS))
        if not stop.is_set():
            raise DoorError("the HTTP door has closed by itself: see the log above")


def _listen(settings: Settings, field: str) -> socket.socket:
    port: int = getattr(settings, field)
    try:
        return http_server.listen(settings.host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise DoorError(
            f"cannot listen on {settings.host} port {port}: {reason};"
            f" stop what listens there or set {VARIABLES[field]}"
        ) from error
