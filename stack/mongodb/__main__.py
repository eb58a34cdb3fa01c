"""`python -m stack.mongodb`: nx-27017 on loopback, in the foreground, until a signal ends it.

Our handler reaches into the releases named here. On any other, nx-27017 runs as it is, with a line
in the log: slower, synced by the statement, and without the answers corrected.
"""

import asyncio
import logging
import signal
from importlib.metadata import version
from pathlib import Path

import click
from nx_27017.handler import NeoSQLiteHandler
from nx_27017.server import run_server

from stack.mongodb.handler import Handler

PINNED = {"nx-27017": "0.8.1", "neosqlite": "1.17.2"}

log = logging.getLogger("stack.mongodb")


def handler_for(installed: dict[str, str], data_dir: Path) -> NeoSQLiteHandler:
    """Ours on the pinned releases."""
    if installed == PINNED:
        return Handler(data_dir=str(data_dir))
    log.warning("%s, not %s: MongoDB runs without corrections", installed, PINNED)
    return _Synced(data_dir=str(data_dir))


class _Synced(NeoSQLiteHandler):  # type: ignore[misc] # it has no types
    """Only what every release can do: each statement is synced."""

    def get_database(self, db_name: str) -> object:
        connection = super().get_database(db_name)
        connection.db.execute("PRAGMA synchronous = FULL")
        return connection


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, required=True)
def main(data_dir: Path, host: str, port: int) -> None:
    """The embedded MongoDB alone, without the rest of the stack."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(0)))
    handler = handler_for({name: version(name) for name in PINNED}, data_dir)
    try:
        asyncio.run(run_server(host, port, handler))
    except KeyboardInterrupt:
        pass
    finally:
        handler.close_all()


if __name__ == "__main__":
    main()
