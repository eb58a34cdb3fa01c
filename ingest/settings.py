"""Settings of the ingest service: read once from the environment, before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SettingsError
from ingest.geo.addresses import networks_of

MIB = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """Each field's variable is in VARIABLES; sizes are bytes, times are seconds."""

    clickhouse_url: str
    mongodb_uri: str
    postgres_dsn: str
    spool_dir: Path
    redis_url: str = ""
    sdk_dir: Path | None = None  # a node_modules folder: scripts that SDKs ask the door for
    host: str = "127.0.0.1"
    http_port: int = 28300  # 0 = a free one, announced on standard output
    grpc_port: int = 28301
    spool_bytes: int = 1024 * MIB  # a full spool refuses batches with "unavailable"
    block_bytes: int = 6 * MIB  # spooled bytes landed at once; decoded about 10 times that
    block_events: int = 10_000
    mongodb_writers: int = 1
    backoff_seconds: float = 10.0  # longest pause between two tries while a store is down
    key_cache_seconds: float = 300.0
    key_grace_seconds: float = 3600.0  # how long a known key works while PostgreSQL is down
    log_level: str = "INFO"
    geoip_database: Path | None = None
    trusted_proxies: str = ""  # networks and addresses, separated by commas
    tls_certificate: str = ""  # PEM files; '': no TLS
    tls_key: str = ""
    metrics_token: str = ""  # '': who reaches the door may read /metrics


VARIABLES = {
    "clickhouse_url": "HXI_CLICKHOUSE_URL",
    "mongodb_uri": "HXI_MONGODB_URI",
    "postgres_dsn": "HXI_POSTGRES_DSN",
    "redis_url": "HXI_REDIS_URL",
    "spool_dir": "HXI_INGEST_SPOOL_DIR",
    "sdk_dir": "HXI_INGEST_SDK_DIR",
    "host": "HXI_INGEST_HOST",
    "http_port": "HXI_INGEST_HTTP_PORT",
    "grpc_port": "HXI_INGEST_GRPC_PORT",
    "spool_bytes": "HXI_INGEST_SPOOL_BYTES",
    "block_bytes": "HXI_INGEST_BLOCK_BYTES",
    "block_events": "HXI_INGEST_BLOCK_EVENTS",
    "mongodb_writers": "HXI_INGEST_MONGODB_WRITERS",
    "backoff_seconds": "HXI_INGEST_BACKOFF_SECONDS",
    "key_cache_seconds": "HXI_INGEST_KEY_CACHE_SECONDS",
    "key_grace_seconds": "HXI_INGEST_KEY_GRACE_SECONDS",
    "log_level": "HXI_INGEST_LOG_LEVEL",
    "geoip_database": "HXI_GEOIP_DATABASE",
    "trusted_proxies": "HXI_INGEST_TRUSTED_PROXIES",
    "tls_certificate": "HXI_INGEST_TLS_CERTIFICATE",
    "tls_key": "HXI_INGEST_TLS_KEY",
    "metrics_token": "HXI_METRICS_TOKEN",
}
REQUIRED = ("clickhouse_url", "mongodb_uri", "postgres_dsn", "spool_dir")
# Addresses of a running ingest, meant for its clients.
CLIENT_VARIABLES = {"HXI_INGEST_URL", "HXI_INGEST_GRPC"}
# Counts before HXI_POSTGRES_DSN, which is the pipeline's: ingest needs no more than to read keys.
OWN_POSTGRES_DSN = "HXI_INGEST_POSTGRES_DSN"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Blocks decoded in memory are bounded by this, whatever is set.
MAX_BLOCK_BYTES = 64 * MIB


def from_environment(environment: Mapping[str, str]) -> Settings:
    """SettingsError, one line, for a missing, unknown or unusable variable."""
    known = set(VARIABLES.values()) | CLIENT_VARIABLES | {OWN_POSTGRES_DSN}
    for name in environment:
        if name.startswith("HXI_INGEST_") and name not in known:
            raise SettingsError(f"unknown variable {name}: known are {', '.join(sorted(known))}")
    own_dsn = environment.get(OWN_POSTGRES_DSN)
    if own_dsn:
        environment = {**environment, "HXI_POSTGRES_DSN": own_dsn}
    for field in REQUIRED:
        if not environment.get(VARIABLES[field]):
            raise SettingsError(f"{VARIABLES[field]} is not set: `hxi env` prints the addresses")
    integer = _Numbers(environment)
    settings = Settings(
        clickhouse_url=environment["HXI_CLICKHOUSE_URL"],
        mongodb_uri=environment["HXI_MONGODB_URI"],
        postgres_dsn=environment["HXI_POSTGRES_DSN"],
        spool_dir=Path(environment["HXI_INGEST_SPOOL_DIR"]),
        redis_url=environment.get("HXI_REDIS_URL", ""),
        sdk_dir=Path(sdk_dir) if (sdk_dir := environment.get("HXI_INGEST_SDK_DIR")) else None,
        host=environment.get("HXI_INGEST_HOST", Settings.host),
        http_port=integer.whole("http_port", 0, 65535),
        grpc_port=integer.whole("grpc_port", 0, 65535),
        spool_bytes=integer.whole("spool_bytes", 16 * MIB, 1 << 50),
        block_bytes=integer.whole("block_bytes", 1, MAX_BLOCK_BYTES),
        block_events=integer.whole("block_events", 1, 1_000_000),
        mongodb_writers=integer.whole("mongodb_writers", 1, 64),
        backoff_seconds=integer.seconds("backoff_seconds"),
        key_cache_seconds=integer.seconds("key_cache_seconds"),
        key_grace_seconds=integer.seconds("key_grace_seconds"),
        log_level=environment.get("HXI_INGEST_LOG_LEVEL", Settings.log_level),
        geoip_database=_path(environment.get("HXI_GEOIP_DATABASE", "")),
        trusted_proxies=_networks(environment.get("HXI_INGEST_TRUSTED_PROXIES", "")),
        tls_certificate=environment.get("HXI_INGEST_TLS_CERTIFICATE", ""),
        tls_key=environment.get("HXI_INGEST_TLS_KEY", ""),
        metrics_token=environment.get("HXI_METRICS_TOKEN", ""),
    )
    if settings.log_level not in LOG_LEVELS:
        raise SettingsError(f"HXI_INGEST_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
    return settings


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _networks(text: str) -> str:
    try:
        networks_of(text)
    except ValueError as error:
        raise SettingsError(f"HXI_INGEST_TRUSTED_PROXIES: {error}") from error
    return text


class _Numbers:
    """Reads numeric variables; the default is that of the Settings field."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def whole(self, field: str, low: int, high: int) -> int:
        default: int = getattr(Settings, field)
        text = self._environment.get(VARIABLES[field], str(default))
        if not text.isdecimal() or not low <= int(text) <= high:
            raise SettingsError(
                f"{VARIABLES[field]} must be a whole number from {low} to {high}, not {text!r}"
            )
        return int(text)

    def seconds(self, field: str) -> float:
        default: float = getattr(Settings, field)
        text = self._environment.get(VARIABLES[field], str(default))
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 86_400 * 30:
            raise SettingsError(f"{VARIABLES[field]} must be seconds, 0 or more, not {text!r}")
        return value
