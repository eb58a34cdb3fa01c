"""The HTTP door: POST /v1/events, the paths of other SDKs, and /health and /ready."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from google.protobuf.json_format import MessageToDict
from gosight.ingest_pb2 import IngestResponse

from ingest import http_body, live_door, sdk_door
from ingest.config_door import MAX_AGE_SECONDS, Config, ConfigDoor
from ingest.errors import RateLimitedError, RefusalError, UnavailableError, status_of
from ingest.formats import routes
from ingest.formats.answers import Answer
from ingest.geo.locating import Client
from ingest.health import Health
from ingest.http_body import Form
from ingest.intake import MAX_BODY_BYTES, Intake, Sent
from ingest.live_door import LiveDoor
from ingest.origins import page_host

DOOR = "http"
FORBIDDEN = 403
PEER = ":peer"  # beside the headers, under a name that none can have
BACKLOG = 2048
# Longer than the pauses of SDKs and than proxies keep theirs, so that a client seldom sends into a
# connection that is being closed.
KEEP_ALIVE_SECONDS = 75
EVENTS_PATH = "/v1/events"
CONFIG_PATH = "/v1/config"
QUESTIONS = ("/health", "/ready", CONFIG_PATH)
ORDINARY_METHODS = "GET, HEAD, OPTIONS"
EVENTS_METHODS = "POST, OPTIONS"
PREFLIGHT_SECONDS = "86400"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; header names are lower case."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class DisconnectedError(Exception):
    """The client went away before its body was complete: nobody waits for an answer."""


class HttpDoor:
    """An ASGI application."""

    def __init__(
        self,
        intake: Intake,
        health: Health,
        live: LiveDoor,
        config: ConfigDoor,
        scripts: Path | None = None,
    ) -> None:
        """`scripts`: a node_modules folder with the SDKs that ask for scripts here."""
        self._config = config
        self._intake = intake
        self._health = health
        self._live = live
        self._scripts = scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only http scopes come here: there are no websockets and no lifespan."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        headers[PEER] = (scope.get("client") or ("",))[0]
        try:
            reply = await self._reply(scope, headers, receive)
        except DisconnectedError:
            return
        # A page of a domain that may not send is not to read why.
        cors = () if reply.status == FORBIDDEN else _cors(headers)
        all_headers = (*reply.headers, *cors)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-length", str(len(reply.body)).encode()),
                    *((name.encode(), value.encode("latin-1")) for name, value in all_headers),
                ],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: Scope, headers: Headers, receive: Receive) -> Reply:
        found = routes.find(scope["path"], scope["method"])
        if found is not None:
            return await self._other_sdk(found, scope, headers, receive)
        return await self._own(scope["path"], scope["method"], headers, receive)

    async def _own(self, path: str, method: str, headers: Headers, receive: Receive) -> Reply:
        is_events = path.rstrip("/") == EVENTS_PATH
        is_question = path in QUESTIONS or live_door.PATH.fullmatch(path)
        if not is_events and not is_question:
            return _error(404, f"nothing here: post events to {EVENTS_PATH}")
        allowed = EVENTS_METHODS if is_events else ORDINARY_METHODS
        if method not in allowed.split(", "):
            return _error(405, f"{path} takes {allowed}", ("allow", allowed))
        if method == "OPTIONS":
            return _preflight(allowed, headers)
        if is_events:
            return await self._events(headers, receive)
        try:
            return await self._asked(path, headers)
        except RefusalError as refusal:
            return _refusal(refusal, answers_protobuf=False)

    async def _asked(self, path: str, headers: Headers) -> Reply:
        key = headers.get("x-gosight-key", "")
        if live_project := live_door.PATH.fullmatch(path):
            return _json(200, await self._live.facts(live_project[1], key))
        if path == CONFIG_PATH:
            return _config(await self._config.config(key), headers)
        report = await (self._health.report() if path == "/health" else self._health.readiness())
        return _json(200 if report.is_well else 503, report.facts)

    async def _events(self, headers: Headers, receive: Receive) -> Reply:
        answers_protobuf = False
        try:
            form = http_body.form_of(headers.get("content-type", ""))
            answers_protobuf = form is Form.PROTOBUF and _accepts_protobuf(headers)
            coding = headers.get("content-encoding", "").strip().lower()
            with self._intake.hold() as hold:
                body = await _body(headers, receive, hold)
                answer = await self._intake.take(_sent(body, coding, form, headers))
        except RefusalError as refusal:
            return _refusal(refusal, answers_protobuf=answers_protobuf)
        return _message(
            200,
            answer.response,
            (("x-gosight-batch-id", answer.batch_id),),
            as_protobuf=answers_protobuf,
        )

    async def _other_sdk(
        self, found: routes.Found, scope: Scope, headers: Headers, receive: Receive
    ) -> Reply:
        route = found.route
        if scope["method"] == "OPTIONS":
            return _preflight(", ".join((*route.methods, "OPTIONS")), headers)
        try:
            with self._intake.hold() as hold:
                request = sdk_door.request(scope, headers, await _body(headers, receive, hold))
                if route.tell is not None:
                    scripts = self._scripts
                    return _plain(
                        await asyncio.to_thread(route.tell, request, found.named, scripts)
                    )
                answer = await self._intake.take(
                    sdk_door.sent(route, request, DOOR, Client(headers[PEER], headers))
                )
        except RefusalError as refusal:
            return _refusal(refusal, answers_protobuf=False)
        return _plain(route.thanks, ("x-gosight-batch-id", answer.batch_id))


def _plain(answer: Answer, *headers: tuple[str, str]) -> Reply:
    content_type = ("content-type", answer.content_type)
    return Reply(answer.status, answer.body, (content_type, *headers))


def _sent(body: bytes, coding: str, form: Form | None, headers: Headers) -> Sent:
    return Sent(
        door=DOOR,
        read=partial(http_body.read, body, coding, form),
        size=len(body) if coding in ("", "identity") else MAX_BODY_BYTES,
        key=headers.get("x-gosight-key", ""),
        is_backfill=headers.get("x-gosight-backfill") == "1",
        page_host=page_host(headers.get("origin", ""), headers.get("referer", "")),
        client=Client(headers[PEER], headers),
    )


async def _body(headers: Headers, receive: Receive, hold: Callable[[int], None]) -> bytes:
    """BatchTooLargeError as soon as it is known; what follows is read and thrown away."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise http_body.too_large()
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        hold(len(part))
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise http_body.too_large()
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _accepts_protobuf(headers: Headers) -> bool:
    """Only when it is asked for by name: `*/*` is what clients send who never thought of it."""
    accepted = headers.get("accept", "").lower()
    return "application/x-protobuf" in accepted or "application/protobuf" in accepted


def _refusal(refusal: RefusalError, *, answers_protobuf: bool) -> Reply:
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(refusal, UnavailableError | RateLimitedError):
        headers = (("retry-after", str(refusal.retry_after_seconds)),)
    response = IngestResponse(success=False, error=str(refusal))
    return _message(status_of(refusal).http, response, headers, as_protobuf=answers_protobuf)


def _message(
    status: int,
    response: IngestResponse,
    headers: tuple[tuple[str, str], ...],
    *,
    as_protobuf: bool,
) -> Reply:
    if as_protobuf:
        content_type = ("content-type", Form.PROTOBUF.value)
        return Reply(status, response.SerializeToString(), (content_type, *headers))
    fields = MessageToDict(response, always_print_fields_with_no_presence=True)
    return _json(status, fields, *headers)


def _json(status: int, facts: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
    content_type = ("content-type", Form.JSON.value)
    return Reply(status, orjson.dumps(facts), (content_type, *headers))


def _config(config: Config, headers: Headers) -> Reply:
    cached = (("etag", config.etag), ("cache-control", f"private, max-age={MAX_AGE_SECONDS}"))
    if headers.get("if-none-match") == config.etag:
        return Reply(304, headers=cached)
    return Reply(200, config.body, (("content-type", Form.JSON.value), *cached))


def _error(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    return _json(status, {"error": text}, *headers)


def _cors(headers: Headers) -> Iterable[tuple[str, str]]:
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


def _preflight(methods: str, headers: Headers) -> Reply:
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


class Server(uvicorn.Server):
    """Signals are the process's matter, since it has a second door and a lander to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def server(app: HttpDoor, stop_seconds: int) -> Server:
    """Its `serve` runs until `should_exit`; then requests have `stop_seconds` to end."""
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=stop_seconds,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """OSError when the address cannot be had."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
