"""What one HTTP request asks for: URL, headers and a multipart body taken apart."""

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

# Parameters of the interface itself; all others are settings of the engine.
OWN = {
    *("query", "database", "default_format", "user", "password", "quota_key", "query_id", "role"),
    *("session_id", "session_timeout", "session_check", "close_session", "stacktrace"),
    *("wait_end_of_query", "buffer_size", "compress", "decompress", "client_protocol_version"),
}
FORMAT = "TabSeparated"
OK_PATHS = {"/ping", "/replicas_status"}
ONE_NAME = re.compile("/([^/]+)/?")


@dataclass(frozen=True)
class Request:
    """`headers` in lower case; in `params` a later value has replaced an earlier one."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    query_id: str

    @property
    def database(self) -> str:
        """Empty for the session's own."""
        return self.params.get("database") or self.headers.get("x-clickhouse-database", "")

    @property
    def default_format(self) -> str:
        """For statements without a FORMAT clause."""
        given = self.params.get("default_format") or self.headers.get("x-clickhouse-format")
        return given or FORMAT

    @property
    def parameters(self) -> dict[str, str]:
        """Values of `{name:Type}` by name."""
        return {
            name.removeprefix("param_"): value
            for name, value in self.params.items()
            if name.startswith("param_")
        }

    def settings(self, without: Collection[str] = ()) -> dict[str, str]:
        """Of the engine, by name; `without` are parameters of external tables."""
        return {
            name: value
            for name, value in self.params.items()
            if name not in OWN and not name.startswith("param_") and name not in without
        }


def parse(method: str, path: str, query: bytes, raw_headers: list[tuple[bytes, bytes]]) -> Request:
    """Text that is not UTF-8 keeps its bytes as surrogates."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers
    }
    pairs = parse_qsl(
        query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"
    )
    params = dict(pairs)
    if path not in OK_PATHS and (database := ONE_NAME.fullmatch(path)):
        # An address with its default database, as clients take it, may be posted to as it is.
        path, params = "/", {"database": database[1], **params}
    query_id = params.get("query_id") or headers.get("x-clickhouse-query-id") or str(uuid.uuid4())
    return Request(method, path, headers, params, query_id)
