"""The data folder of a stack: its parts, its lock, its passwords."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hxi.admin.errors import BusyError, UserError

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK_SECONDS = 2.0  # longer than any probe of `is_held` keeps it


def new_password() -> str:
    """256 random bits in characters that need no escaping in a URL or a config file."""
    return secrets.token_hex(32)


@dataclass(frozen=True)
class Passwords:
    """Made once per data folder."""

    clickhouse: str = field(default_factory=new_password)
    clickhouse_reader: str = field(default_factory=new_password)
    postgres: str = field(default_factory=new_password)
    postgres_admin: str = field(default_factory=new_password)
    postgres_ingest: str = field(default_factory=new_password)
    redis: str = field(default_factory=new_password)


@dataclass(frozen=True)
class DataFolder:
    """Where everything of one stack lies; every path is below `path`, which is absolute."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "DataFolder":
        """Make the folder if needed; closed to other users, as it holds people's data."""
        folder = cls(path.resolve())
        try:
            folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.run.mkdir(mode=0o700, exist_ok=True)
            folder.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{path} cannot be the data folder ({error.strerror}): name another --data-dir"
            ) from error
        return folder

    @property
    def run(self) -> Path:
        """What is true only while the stack runs."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.path / "logs"

    @property
    def spool(self) -> Path:
        """Ingest's batches on their way to the stores."""
        return self.path / "spool"

    @property
    def ports(self) -> Path:
        """Which ports `--ports auto` chose, to be chosen again."""
        return self.path / "ports.json"

    def store(self, name: str) -> Path:
        """The files of one store."""
        return self.path / name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; BusyError when a stack runs on it."""
        with lock_file(self.path).open("a") as handle:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _try_lock(handle.fileno(), fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise BusyError(
                        f"a stack runs on {self.path} already: use it, stop it, or name another "
                        "--data-dir"
                    )
                time.sleep(0.05)
            yield

    def passwords(self) -> Passwords:
        """Those of this folder, made at the first call."""
        path = self.path / "passwords.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        passwords = Passwords(**kept)
        if kept.keys() != asdict(passwords).keys():
            write_private(path, json.dumps(asdict(passwords), indent=2))
        return passwords


def writable_beside(data_dir: Path) -> Path:
    """Where dbt may keep what it makes of the project: the checkout, else the data folder.

    A checkout may be read-only: an image, a mount, another user's clone.
    """
    return CHECKOUT if os.access(CHECKOUT, os.W_OK) else data_dir.resolve() / "dbt"


def dbt_target(data_dir: Path) -> dict[str, str]:
    """The variable that says so to a run; {} where its default will do."""
    place = writable_beside(data_dir)
    return {} if place == CHECKOUT else {"DBT_TARGET_PATH": str(place / "target")}


def lock_file(data_dir: Path) -> Path:
    """Held (flock) by the process that runs the stack, so the kernel frees it at any death."""
    return data_dir / "run" / "lock"


def is_held(data_dir: Path) -> bool:
    """Whether a stack's process is alive on `data_dir`."""
    try:
        with lock_file(data_dir).open("a") as handle:
            return not _try_lock(handle.fileno(), fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def write_private(path: Path, text: str) -> None:
    """Write a whole file that only its owner can read, or leave the old one."""
    draft = path.with_name(path.name + ".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    draft.replace(path)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
