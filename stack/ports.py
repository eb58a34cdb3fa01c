"""Which loopback ports a stack listens on: a fixed block, or free ones."""

import errno
import json
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
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
    pages: int = 28307
    metrics: int = 28308


def choose(choice: PortChoice, kept: Path | None = None) -> Ports:
    """The fixed block as it is, or free ports.

    `kept` is a file of those chosen before: they are taken again, so that addresses saved elsewhere
    stay true, except for one that somebody else has by now.
    """
    if choice == "fixed":
        return Ports()
    ports = _free_ports(_of_before(kept))
    if kept is not None:
        kept.write_text(json.dumps(asdict(ports), indent=2))
    return ports


def _of_before(kept: Path | None) -> Mapping[str, int]:
    if kept is None or not kept.exists():
        return {}
    saved: Mapping[str, int] = json.loads(kept.read_text())
    return {name: port for name, port in saved.items() if _becomes_free(port)}


def _free_ports(wanted: Mapping[str, int]) -> Ports:
    """Those of `wanted` by name of the listener, and any free ones for the rest."""
    chosen = dict(wanted)
    for listener in fields(Ports):
        while listener.name not in chosen:
            port = _random_port()
            if port not in chosen.values() and is_free(port):
                chosen[listener.name] = port
    return Ports(**chosen)


def require_free(name: str, port: int) -> None:
    """Wait a moment for `port`; BusyError when somebody keeps it."""
    if not _becomes_free(port):
        raise BusyError(
            f"port {port} ({name}) is taken: stop what listens there or use --ports auto"
        )


def _becomes_free(port: int) -> bool:
    deadline = time.monotonic() + RELEASE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


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


def _random_port() -> int:
    return random.choice(AUTO_RANGE)
