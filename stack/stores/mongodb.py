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
    """Its pid file is removed before each start: the server trusts a stale one and ends."""
    pid_file = folder.run / "mongodb.pid"
    files = folder.store(NAME)

    def before_start() -> None:
        files.mkdir(exist_ok=True)
        pid_file.unlink(missing_ok=True)

    return Program(
        name=NAME,
        command=[
            *(sys.executable, "-m", "nx_27017.nx_27017"),
            *("--data-dir", str(files)),
            *("--host", HOST, "--port", str(port)),
            *("--pid-file", str(pid_file), "--log-file", "/dev/null"),
        ],
        is_ready=lambda: answering.mongodb(uri(port)),
        before_start=before_start,
    )
