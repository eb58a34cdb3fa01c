"""Where the stores are, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class SettingsError(Exception):
    """A variable is missing; says which, and where it comes from."""


@dataclass(frozen=True)
class Settings:
    """Addresses of the stores a run works on; of ingest and Redis, where there are any."""

    clickhouse_url: str
    mongodb_uri: str
    postgres_dsn: str
    redis_url: str = ""
    ingest_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the HXI_ variables; SettingsError names the first that is missing."""
        return cls(
            clickhouse_url=_required(environment, "HXI_CLICKHOUSE_URL"),
            mongodb_uri=_required(environment, "HXI_MONGODB_URI"),
            postgres_dsn=_required(environment, "HXI_POSTGRES_DSN"),
            redis_url=environment.get("HXI_REDIS_URL", ""),
            ingest_url=environment.get("HXI_INGEST_URL", ""),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f'{name} is not set: eval "$(hxi env)" sets it for a running stack')
    return value
