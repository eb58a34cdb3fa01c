"""The embedded ClickHouse: chDB behind ClickHouse's HTTP interface, in a process of its own."""

import sys

from hxi.admin import answering
from hxi.admin.endpoints import MARTS
from hxi.admin.folder import DataFolder, Passwords
from stack.ports import HOST
from stack.supervisor import Program

NAME = "clickhouse"
USER = "hxi"
READER = "hxi_reader"


def url(port: int, password: str, user: str = USER) -> str:
    """The address with its user and default database in it, as clients take it."""
    return f"http://{user}:{password}@{HOST}:{port}/{MARTS}"


def program(folder: DataFolder, port: int, passwords: Passwords) -> Program:
    """Passwords go through the environment, so that they are not in the process list."""
    return Program(
        name=NAME,
        command=[
            *(sys.executable, "-m", "stack.clickhouse"),
            *("--data-dir", str(folder.store(NAME))),
            *("--host", HOST, "--port", str(port)),
        ],
        is_ready=lambda: answering.clickhouse(url(port, passwords.clickhouse)),
        environment={
            "HXI_CLICKHOUSE_USER": USER,
            "HXI_CLICKHOUSE_PASSWORD": passwords.clickhouse,
            "HXI_CLICKHOUSE_READONLY_USER": READER,
            "HXI_CLICKHOUSE_READONLY_PASSWORD": passwords.clickhouse_reader,
        },
    )
