"""HTTP answers of the door: JSON or protobuf, refusals, what browsers ask before they send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from gosight.ingest_pb2 import IngestResponse

from ingest.decode.body import Form
from ingest.doors.config import MAX_AGE_SECONDS, Config
from ingest.errors import RateLimitedError, RefusalError, UnavailableError, status_of
from ingest.formats.answers import Answer

PREFLIGHT_SECONDS = "86400"

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; header names are lower case."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def plain(answer: Answer, *headers: tuple[str, str]) -> Reply:
    """What another SDK expects."""
    content_type = ("content-type", answer.content_type)
    return Reply(answer.status, answer.body, (content_type, *headers))


def accepts_protobuf(headers: Headers) -> bool:
    """Only when it is asked for by name: `*/*` is what clients send who never thought of it."""
    accepted = headers.get("accept", "").lower()
    return "application/x-protobuf" in accepted or "application/protobuf" in accepted


def refused(refusal: RefusalError, *, answers_protobuf: bool) -> Reply:
    """Why nothing was kept, and when to come back."""
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(refusal, UnavailableError | RateLimitedError):
        headers = (("retry-after", str(refusal.retry_after_seconds)),)
    response = IngestResponse(success=False, error=str(refusal))
    return message(status_of(refusal).http, response, headers, as_protobuf=answers_protobuf)


def message(
    status: int,
    response: IngestResponse,
    headers: tuple[tuple[str, str], ...],
    *,
    as_protobuf: bool,
) -> Reply:
    """An answer of the contract, in protobuf or protobuf-JSON."""
    if as_protobuf:
        content_type = ("content-type", Form.PROTOBUF.value)
        return Reply(status, response.SerializeToString(), (content_type, *headers))
    fields = MessageToDict(response, always_print_fields_with_no_presence=True)
    return json(status, fields, *headers)


def json(status: int, facts: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
    """Facts as JSON."""
    content_type = ("content-type", Form.JSON.value)
    return Reply(status, orjson.dumps(facts), (content_type, *headers))


def configuration(config: Config, headers: Headers) -> Reply:
    """An SDK's configuration, or that it has not changed."""
    cached = (("etag", config.etag), ("cache-control", f"private, max-age={MAX_AGE_SECONDS}"))
    if headers.get("if-none-match") == config.etag:
        return Reply(304, headers=cached)
    return Reply(200, config.body, (("content-type", Form.JSON.value), *cached))


def error(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    """One line that says what is wrong."""
    return json(status, {"error": text}, *headers)


def cors(headers: Headers) -> Iterable[tuple[str, str]]:
    """Any page may send. The origin is named, since browsers send beacons with credentials and
    then take no `*`; there are no cookies here that this could give away."""
    origin = headers.get("origin")
    if origin is None:
        return ()
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-GoSight-Batch-Id, Retry-After"),
        ("vary", "Origin"),
    )


def preflight(methods: str, headers: Headers) -> Reply:
    """Headers are allowed as asked for: tracing tools add their own to every request of a page."""
    asked = headers.get("access-control-request-headers")
    return Reply(
        204,
        headers=(
            ("allow", methods),
            ("access-control-allow-methods", methods),
            *((("access-control-allow-headers", asked),) if asked else ()),
            ("access-control-max-age", PREFLIGHT_SECONDS),
        ),
    )
