"""Cold storage: recordings as files of rrweb events, in a folder or a bucket, by its URL.

`file:///path` or what obstore knows, `s3://bucket/path` first; a bucket's credentials and address
are those of the environment (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …). A session's files are
`<project>/<session>.json.gz` and, of further windows, `<project>/<session>-2.json.gz` ….
"""

import gzip
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from clickhouse_connect.driver.client import Client
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from orchestration.retention.recording import write_recording

if TYPE_CHECKING:
    from obstore.store import RetryConfig

Session = tuple[str, str]
# A storage that is away is asked again by the next expiry.
RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}


class ColdStorageError(Exception):
    """There is none, or it does not answer; nothing has left the stores."""


def opened(url: str) -> ObjectStore:
    """ColdStorageError for no URL that obstore can use."""
    if not url:
        raise ColdStorageError(
            "HXI_COLD_STORAGE_URL is not set, and a project moves its recordings there"
        )
    with _told("HXI_COLD_STORAGE_URL cannot be used"):
        if url.startswith("file://"):
            return from_url(url, mkdir=True)
        return from_url(url, retry_config=RETRIES)


def move(store: ObjectStore, client: Client, session: Session) -> int:
    """Write a session's recording; how many files. May be repeated: it writes the same again."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_recording(client, *session, Path(folder) / "recording.json", [])
        written = [path for path, events in files.items() if events]
        for number, path in enumerate(written, start=1):
            put(store, session, number, path.read_bytes())
    return len(written)


def put(store: ObjectStore, session: Session, number: int, text: bytes) -> None:
    """The recording of a session's window, as JSON; the first is number 1."""
    name = _name(session, number)
    with _told(f"cold storage does not take {name}"):
        obstore.put(store, name, gzip.compress(text, mtime=0))


def read(store: ObjectStore, session: Session) -> Iterator[bytes]:
    """Each window's recording as JSON, the first one first."""
    for name in _names(store, session):
        with _told(f"cold storage does not give {name}"):
            content = bytes(obstore.get(store, name).bytes())
        yield gzip.decompress(content)


def delete(store: ObjectStore, session: Session) -> int:
    """All files of a session; how many there were."""
    names = _names(store, session)
    with _told("cold storage deletes nothing"):
        for name in names:
            obstore.delete(store, name)
    return len(names)


def sessions(store: ObjectStore, project_id: str) -> set[str]:
    """Those of a project that have files."""
    return {match["session"] for match in _files(store, project_id)}


def _files(store: ObjectStore, project_id: str) -> list[re.Match[str]]:
    """Names in order of their windows."""
    own = re.compile(
        rf"{re.escape(project_id)}/(?P<session>[0-9a-f-]{{36}})(?:-(?P<n>\d+))?\.json\.gz"
    )
    with _told("cold storage does not tell what it has"):
        listed = [one["path"] for page in obstore.list(store, prefix=project_id) for one in page]
    found = [match for name in listed if (match := own.fullmatch(name))]
    return sorted(found, key=lambda match: int(match["n"] or 1))


def _names(store: ObjectStore, session: Session) -> list[str]:
    project_id, session_id = session
    return [one[0] for one in _files(store, project_id) if one["session"] == session_id]


def _name(session: Session, number: int) -> str:
    project_id, session_id = session
    return f"{project_id}/{session_id}{'' if number == 1 else f'-{number}'}.json.gz"


@contextmanager
def _told(problem: str) -> Iterator[None]:
    """ColdStorageError, one line, for what obstore raises."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ColdStorageError(f"{problem}: {reason}") from error
