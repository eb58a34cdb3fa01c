"""What the pages are started with: read from the environment once."""

from collections.abc import Mapping
from dataclasses import dataclass

from hxi.admin.endpoints import Endpoints

DEFAULT_PORT = 28307
SIGNED_IN_HOURS = 12


@dataclass(frozen=True)
class Settings:
    """`postgres_dsn` says where; who is what the login page was told. `ingest_url` may be ''."""

    clickhouse_url: str  # the reader's where there is one
    postgres_dsn: str
    ingest_url: str = ""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    is_behind_tls: bool = False  # the cookie is then sent over https alone

    @classmethod
    def of(cls, endpoints: Endpoints, environment: Mapping[str, str]) -> "Settings":
        """Of a stack, and what HXI_PAGES_HOST, HXI_PAGES_PORT and HXI_PAGES_TLS say."""
        return cls(
            clickhouse_url=endpoints.clickhouse_reader_url or endpoints.clickhouse_url,
            postgres_dsn=endpoints.postgres_dsn,
            ingest_url=endpoints.ingest_url,
            host=environment.get("HXI_PAGES_HOST", cls.host),
            port=int(environment.get("HXI_PAGES_PORT", cls.port)),
            is_behind_tls=environment.get("HXI_PAGES_TLS", "") == "1",
        )
