"""The HTTP door: POST /v1/events, the paths of other SDKs, and what is asked of ingest."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from ingest.admission.origins import page_host
from ingest.decode import body as http_bodies
from ingest.decode.body import MAX_BODY_BYTES, Form
from ingest.doors import reply
from ingest.doors import sdk as sdk_door
from ingest.doors.asked import Asked
from ingest.doors.tls import Certificate
from ingest.errors import RefusalError, SlowBodyError
from ingest.formats import routes
from ingest.geo.locating import Client
from ingest.intake import Intake, Sent
from ingest.watching.logs import begin_request

DOOR = "http"
FORBIDDEN = 403
REQUEST_ID = "x-request-id"
PEER = ":peer"  # beside the headers, under a name that none can have
BACKLOG = 2048
# Longer than the pauses of SDKs and than proxies keep theirs, so that a client seldom sends into a
# connection that is being closed.
KEEP_ALIVE_SECONDS = 75
# The largest body takes so long at 1.1 Mbit/s. Whoever begins one and does not end it holds memory.
BODY_SECONDS = 120.0
EVENTS_PATH = "/v1/events"
ORDINARY_METHODS = "GET, HEAD, OPTIONS"
EVENTS_METHODS = "POST, OPTIONS"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Mapping[str, str]


class DisconnectedError(Exception):
    """The client went away before its body was complete: nobody waits for an answer."""


class HttpDoor:
    """An ASGI application."""

    def __init__(self, intake: Intake, asked: Asked, scripts: Path | None = None) -> None:
        """`scripts`: a node_modules folder with the SDKs that ask for scripts here."""
        self._intake = intake
        self._asked = asked
        self._scripts = scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only http scopes come here: there are no websockets and no lifespan."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        headers[PEER] = (scope.get("client") or ("",))[0]
        request_id = begin_request(headers.get(REQUEST_ID, ""))
        try:
            answer = await self._reply(scope, headers, receive)
        except DisconnectedError:
            return
        # A page of a domain that may not send is not to read why.
        cors = () if answer.status == FORBIDDEN else reply.cors(headers)
        all_headers = ((REQUEST_ID, request_id), *answer.headers, *cors)
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-length", str(len(answer.body)).encode()),
                    *((name.encode(), value.encode("latin-1")) for name, value in all_headers),
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _reply(self, scope: Scope, headers: Headers, receive: Receive) -> reply.Reply:
        found = routes.find(scope["path"], scope["method"])
        if found is not None:
            return await self._other_sdk(found, scope, headers, receive)
        return await self._own(scope["path"], scope["method"], headers, receive)

    async def _own(self, path: str, method: str, headers: Headers, receive: Receive) -> reply.Reply:
        is_events = path.rstrip("/") == EVENTS_PATH
        if not is_events and not self._asked.knows(path):
            return reply.error(404, f"nothing here: post events to {EVENTS_PATH}")
        allowed = EVENTS_METHODS if is_events else ORDINARY_METHODS
        if method not in allowed.split(", "):
            return reply.error(405, f"{path} takes {allowed}", ("allow", allowed))
        if method == "OPTIONS":
            return reply.preflight(allowed, headers)
        if is_events:
            return await self._events(headers, receive)
        try:
            return await self._asked.answer(path, headers)
        except RefusalError as refusal:
            return reply.refused(refusal, answers_protobuf=False)

    async def _events(self, headers: Headers, receive: Receive) -> reply.Reply:
        answers_protobuf = False
        try:
            form = http_bodies.form_of(headers.get("content-type", ""))
            answers_protobuf = form is Form.PROTOBUF and reply.accepts_protobuf(headers)
            coding = headers.get("content-encoding", "").strip().lower()
            with self._intake.hold() as hold:
                body = await _body(headers, receive, hold)
                answer = await self._intake.take(_sent(body, coding, form, headers))
        except RefusalError as refusal:
            self._intake.refused(refusal)
            return reply.refused(refusal, answers_protobuf=answers_protobuf)
        return reply.message(
            200,
            answer.response,
            (("x-gosight-batch-id", answer.batch_id),),
            as_protobuf=answers_protobuf,
        )

    async def _other_sdk(
        self, found: routes.Found, scope: Scope, headers: Headers, receive: Receive
    ) -> reply.Reply:
        route = found.route
        if scope["method"] == "OPTIONS":
            return reply.preflight(", ".join((*route.methods, "OPTIONS")), headers)
        try:
            with self._intake.hold() as hold:
                request = sdk_door.request(scope, headers, await _body(headers, receive, hold))
                if route.tell is not None:
                    scripts = self._scripts
                    return reply.plain(
                        await asyncio.to_thread(route.tell, request, found.named, scripts)
                    )
                answer = await self._intake.take(
                    sdk_door.sent(route, request, DOOR, Client(headers[PEER], headers))
                )
        except RefusalError as refusal:
            self._intake.refused(refusal)
            return reply.refused(refusal, answers_protobuf=False)
        return reply.plain(route.thanks(request), ("x-gosight-batch-id", answer.batch_id))


def _sent(body: bytes, coding: str, form: Form | None, headers: Headers) -> Sent:
    return Sent(
        door=DOOR,
        read=partial(http_bodies.read, body, coding, form),
        size=len(body) if coding in ("", "identity") else MAX_BODY_BYTES,
        key=headers.get("x-gosight-key", ""),
        is_backfill=headers.get("x-gosight-backfill") == "1",
        page_host=page_host(headers.get("origin", ""), headers.get("referer", "")),
        client=Client(headers[PEER], headers),
    )


async def _body(headers: Headers, receive: Receive, hold: Callable[[int], None]) -> bytes:
    """BatchTooLargeError as soon as it is known; what follows is read and thrown away.

    SlowBodyError when it takes longer than BODY_SECONDS.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise http_bodies.too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _whole(receive, hold)
    except TimeoutError:
        raise SlowBodyError(f"the body did not come within {BODY_SECONDS:.0f} s") from None


async def _whole(receive: Receive, hold: Callable[[int], None]) -> bytes:
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
            raise http_bodies.too_large()
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Server(uvicorn.Server):
    """Signals are the process's matter, since it has a second door and a lander to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def server(app: HttpDoor, stop_seconds: int, certificate: Certificate | None = None) -> Server:
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
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """OSError when the address cannot be had."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
