"""One ClickHouse front started by its command line, as the supervisor starts it."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import clickhouse_connect
import httpx
from clickhouse_connect.driver.client import Client

from hxi.admin.urls import answers_ok
from stack.ports import HOST, choose

ROOT = Path(__file__).resolve().parents[3]
USER, PASSWORD = "hxi", "secret's %40&+"
READER, READER_PASSWORD = "reader", "reads only"
START_SECONDS = 30
STOP_SECONDS = 20


@dataclass(frozen=True)
class Login:
    """A user of the front and its password."""

    user: str
    password: str


OWNER = Login(USER, PASSWORD)
READ_ONLY = Login(READER, READER_PASSWORD)


class Front:
    """A front on `port` (a free one by default) that owns `folder`; `output` is all it printed."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or choose("auto").clickhouse
        self.url = f"http://{HOST}:{self.port}"
        self._log = folder.with_suffix(".log")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command(folder, self.port), **surroundings(log))

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers_ok(f"{self.url}/ping"):
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)

    def end(self, number: int) -> int:
        """Send the signal; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def ends(self) -> int:
        """The exit code of a front that cannot start."""
        return self.process.wait(START_SECONDS)

    def client(self, login: Login = OWNER, **options: Any) -> Client:
        """Without a server session, unless `session_id` is among the options."""
        return clickhouse_connect.get_client(
            host=HOST,
            port=self.port,
            username=login.user,
            password=login.password,
            autogenerate_session_id=False,
            tz_mode="aware",
            **options,
        )

    def ask(self, query: str, **parameters: str) -> socket.socket:
        """Send the owner's query and leave the answer unread: the connection is the caller's."""
        where = urlencode({"user": USER, "password": PASSWORD} | parameters)
        body = query.encode()
        head = f"POST /?{where} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection = socket.create_connection((HOST, self.port), timeout=START_SECONDS)
        connection.sendall(head.encode() + body)
        return connection

    def http(self, login: Login = OWNER) -> httpx.Client:
        """Plain HTTP, for what a client library would hide."""
        return httpx.Client(base_url=self.url, auth=(login.user, login.password), timeout=60)


def command(folder: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "stack.clickhouse"),
        *("--data-dir", str(folder), "--host", HOST, "--port", str(port)),
    ]


def surroundings(log: IO[bytes]) -> dict[str, Any]:
    """Passwords go through the environment, so that no process list shows them."""
    users = {
        "HXI_CLICKHOUSE_USER": USER,
        "HXI_CLICKHOUSE_PASSWORD": PASSWORD,
        "HXI_CLICKHOUSE_READONLY_USER": READER,
        "HXI_CLICKHOUSE_READONLY_PASSWORD": READER_PASSWORD,
        "HXI_CLICKHOUSE_DEDUPLICATION_WINDOW": "0",  # as people have it
    }
    return {"cwd": ROOT, "env": os.environ | users, "stdout": log, "stderr": subprocess.STDOUT}
