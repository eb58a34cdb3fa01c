"""Which loopback ports a stack listens on: a fixed block, or free ones."""

import errno
import random
import socket
import time
from dataclasses import dataclass, fields
from typing import Literal

from hxi.admin.errors import BusyError

HOST = "127.0.0.1"
PortChoice = Literal["fixed", "auto"]
# Below the range the kernel hands to outgoing connections (32768 and up on Linux), so that no
# client's own port can sit on a store's while the store restarts.
AUTO_RANGE = range(20000, 28000)
RELEASE_SECONDS = 5.0  # the children of a stack killed by kill -9 need a moment to let go


@dataclass(frozen=True)
class Ports:
    """One port per listener; the defaults are the fixed block, chosen away from the usual ones."""

    ingest_http: int = 28300
    ingest_grpc: int = 28301
    clickhouse: int = 28302
    mongodb: int = 28303
    postgres: int = 28304
    redis: int = 28305
    ui: int = 28306


def choose(choice: PortChoice) -> Ports:
    """The fixed block as it is, or ports that are free now."""
    if choice == "fixed":
        return Ports()
    candidates = (port for port in iter(_random_port, None) if is_free(port))
    chosen: set[int] = set()
    while len(chosen) < len(fields(Ports)):
        chosen.add(next(candidates))
    return Ports(*chosen)


def require_free(name: str, port: int) -> None:
    """Wait a moment for `port`; BusyError when somebody keeps it."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            raise BusyError(
                f"port {port} ({name}) is taken: stop what listens there or use --ports auto"
            )
        time.sleep(0.1)


def is_free(port: int) -> bool:
    """Whether this process could listen on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def accepts(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def _random_port() -> int:
    return random.choice(AUTO_RANGE)
