"""Recordings of projects that move them to cold storage instead of deleting them."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

import orjson
from clickhouse_connect.driver.client import Client

from orchestration.retention import cold
from orchestration.retention.cold import ColdStorageError, Session
from orchestration.retention.recording import numbered
from orchestration.retention.records import Expiry, old_replays

VARIABLE = "HXI_COLD_STORAGE_URL"
MOVED = "SELECT DISTINCT project_id, toString(session_id) FROM ops.cold_replays WHERE "

log = logging.getLogger(__name__)


def storage_url() -> str:
    """Where cold storage is; '' for nowhere."""
    return os.environ.get(VARIABLE, "")


def move_replays(client: Client, expiry: Expiry) -> set[str]:
    """Write recordings that are about to leave, of projects that keep them in cold storage.

    Returns projects whose recordings could not be written: they must stay. May be repeated.
    """
    moving = [name for name, own in expiry.cut_offs.projects.items() if own.moves_replays]
    if not moving:
        return set()
    found = client.query(
        f"SELECT DISTINCT project_id, toString(session_id) FROM ({old_replays(expiry)})"
        " WHERE has({moving:Array(String)}, project_id)",
        parameters={"moving": moving},
    ).result_rows
    try:
        _move(client, [(str(project), str(session)) for project, session in found])
    except ColdStorageError as error:
        log.warning("recordings stay where they are: %s", error)
        return set(moving)
    return set()


def _move(client: Client, sessions: list[Session]) -> None:
    if not sessions:
        return
    store = cold.opened(storage_url())
    moved = [session for session in sessions if cold.move(store, client, session)]
    if moved:
        client.insert(
            "cold_replays",
            [[project, session, storage_url()] for project, session in moved],
            column_names=["project_id", "session_id", "url"],
            database="ops",
        )


def delete_moved(client: Client, sessions: str) -> None:
    """Files of the sessions of a query: their marts leave, or they are erased."""
    where = f"(project_id, session_id) IN ({sessions})"
    found = client.query(MOVED + where).result_rows
    if not found:
        return
    store = cold.opened(storage_url())
    for project_id, session_id in found:
        cold.delete(store, (project_id, session_id))
    client.command(f"DELETE FROM ops.cold_replays WHERE {where}")


def write_moved(client: Client, session: Session, out: Path) -> dict[Path, int]:
    """Events in each file written, as `write_recording`; nothing for one that was never moved."""
    project_id, session_id = session
    where = "project_id = {project:String} AND session_id = {session:UUID}"
    given = {"project": project_id, "session": session_id}
    if not client.query(MOVED + where, parameters=given).result_rows:
        return {}
    written: dict[Path, int] = {}
    for number, text in enumerate(cold.read(cold.opened(storage_url()), session), start=1):
        path = numbered(out, number)
        path.write_bytes(text)
        written[path] = len(orjson.loads(text))
    if not written:
        raise ColdStorageError(f"session {session_id} was moved, but is not in {storage_url()}")
    return written


def found_moved(project_id: str, sessions: Collection[str]) -> int:
    """How many of them have files in cold storage; none where there is no cold storage."""
    if not sessions or not storage_url():
        return 0
    return len(cold.sessions(cold.opened(storage_url()), project_id) & set(sessions))
