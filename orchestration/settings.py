"""Where the stores are and what rows are built with, read once."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# What rows depend on besides the events. A change in any of these files rebuilds all.
RULES = (
    "dbt_project.yml",
    "dbt_project/models/**/*.sql",
    "dbt_project/macros/**/*.sql",
    "dbt_project/seeds/*.csv",
    "orchestration/signals/**/*.py",
    "orchestration/publish/*.py",
)


class SettingsError(Exception):
    """A variable is missing; says which, and where it comes from."""


@dataclass(frozen=True)
class Settings:
    """Addresses of the stores a run works on."""

    clickhouse_url: str
    mongodb_uri: str
    postgres_dsn: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the HXI_ variables; SettingsError names the first that is missing."""
        return cls(
            clickhouse_url=_required(environment, "HXI_CLICKHOUSE_URL"),
            mongodb_uri=_required(environment, "HXI_MONGODB_URI"),
            postgres_dsn=_required(environment, "HXI_POSTGRES_DSN"),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f'{name} is not set: eval "$(hxi env)" sets it for a running stack')
    return value


def rules_hash(checkout: Path = CHECKOUT) -> str:
    """A hash of every rule, weight and threshold rows are built with (see RULES)."""
    digest = hashlib.sha256()
    for path in _rule_files(checkout):
        digest.update(path.relative_to(checkout).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _rule_files(checkout: Path) -> Iterator[Path]:
    for pattern in RULES:
        yield from sorted(checkout.glob(pattern))
