"""The embedded MongoDB: its wire protocol over SQLite, one file per database."""

import sys

from hxi.admin import answering
from hxi.admin.folder import DataFolder
from stack.ports import HOST
from stack.supervisor import Program

NAME = "mongodb"


def uri(port: int) -> str:
    """No password: this server knows none, so it listens on loopback only."""
    return f"mongodb://{HOST}:{port}"


def program(folder: DataFolder, port: int) -> Program:
    """One SQLite file per database, in the store's folder."""
    return Program(
        name=NAME,
        command=[
            *(sys.executable, "-m", "stack.mongodb"),
            *("--data-dir", str(folder.store(NAME))),
            *("--host", HOST, "--port", str(port)),
        ],
        is_ready=lambda: answering.mongodb(uri(port)),
    )
