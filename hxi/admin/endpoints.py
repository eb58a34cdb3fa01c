"""Where the stores and ingest of a stack are: read from the environment or a data folder."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hxi.admin.errors import NoStackError
from hxi.admin.folder import is_held, write_private

DEFAULT_DATA_DIR = Path(".hxi")
MARTS = "gosight"  # ClickHouse's default database: the documents' queries run as they are written
# Without these no command has anything to work on; the others may be ''.
STORES = ("clickhouse_url", "mongodb_uri", "postgres_dsn")


@dataclass(frozen=True)
class Endpoints:
    """Addresses of one stack. Every field is also an environment variable: HXI_ + upper case.

    Those with a comment on '' may be empty; all others are set on a running stack.
    """

    clickhouse_url: str  # http://user:password@host:port/gosight
    mongodb_uri: str
    postgres_dsn: str  # URL form, database hxi_dashboard
    redis_url: str  # '': Redis is optional
    ingest_url: str  # HTTP base
    ingest_grpc: str  # host:port
    project_id: str
    project_key: str
    clickhouse_reader_url: str = ""  # may read and nothing else; '' for a real server

    def environment(self) -> dict[str, str]:
        """The variables every other part reads."""
        return {variable(name): value for name, value in asdict(self).items()}

    def save(self, data_dir: Path) -> None:
        """Write them where `resolve` finds them, for the owner alone: they hold passwords."""
        path = endpoints_file(data_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(asdict(self), indent=2))


def variable(field: str) -> str:
    """The environment variable of a field of `Endpoints`."""
    return f"HXI_{field.upper()}"


def endpoints_file(data_dir: Path) -> Path:
    """The file a running stack writes and removes."""
    return data_dir / "run" / "endpoints.json"


def resolve(data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> Endpoints:
    """The stack to use: `data_dir` if given, else the HXI_ variables, else the default folder.

    The variables count only when they name all three stores, so that one store's address set for
    `hxi up` does not hide the stack it started. Raises NoStackError when nothing runs there.
    """
    given = {field.name: environment.get(variable(field.name), "") for field in fields(Endpoints)}
    missing = [variable(name) for name in STORES if not given[name]]
    if data_dir is None and not missing:
        return Endpoints(**given)
    folder = data_dir or DEFAULT_DATA_DIR
    if stored := _running_on(folder):
        return stored
    if data_dir is None and len(missing) < len(STORES):
        raise NoStackError(f"{' and '.join(missing)} must be set too: see `hxi env`")
    raise NoStackError(
        f"no stack runs on {folder}: start one with `hxi up`, "
        "or name real servers in HXI_* variables"
    )


def _running_on(folder: Path) -> Endpoints | None:
    """What the stack on `folder` wrote; the file of one that crashed does not count."""
    if not is_held(folder):
        return None
    try:
        return Endpoints(**json.loads(endpoints_file(folder).read_text()))
    except FileNotFoundError:
        return None
