"""Where the stores and ingest of a stack are: read from the environment or a data folder."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from stack.errors import NoStackError

DEFAULT_DATA_DIR = Path(".hxi")


@dataclass(frozen=True)
class Endpoints:
    """Addresses of one stack. Every field is also an environment variable: HXI_ + upper case.

    `redis_url` may be '' (Redis is optional); all others are set on a running stack.
    """

    clickhouse_url: str  # http://user:password@host:port
    mongodb_uri: str
    postgres_dsn: str  # URL form, database hxi_dashboard
    redis_url: str
    ingest_url: str  # HTTP base
    ingest_grpc: str  # host:port
    project_id: str
    project_key: str

    def environment(self) -> dict[str, str]:
        """The variables every other part reads."""
        return {f"HXI_{name.upper()}": value for name, value in asdict(self).items()}

    def save(self, data_dir: Path) -> None:
        """Write them where `resolve` finds them; readable by the owner only (it holds passwords)."""
        path = endpoints_file(data_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=2))
        draft.replace(path)


def endpoints_file(data_dir: Path) -> Path:
    """The file a running stack writes and removes."""
    return data_dir / "run" / "endpoints.json"


def resolve(data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> Endpoints:
    """The stack to use: `data_dir` if given, else the HXI_ variables, else the default folder.

    Raises NoStackError when nothing runs there.
    """
    names = [field.name for field in fields(Endpoints)]
    given = {name: environment.get(f"HXI_{name.upper()}", "") for name in names}
    if data_dir is None and given["clickhouse_url"]:
        return Endpoints(**given)
    folder = data_dir or DEFAULT_DATA_DIR
    try:
        stored = json.loads(endpoints_file(folder).read_text())
    except FileNotFoundError:
        raise NoStackError(
            f"no stack runs on {folder}: start one with `hxi up`, or name real servers in HXI_* variables"
        ) from None
    return Endpoints(**stored)
