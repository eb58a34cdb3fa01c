"""The ASGI application: routes, and the bridge between the event loop and serving threads."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from stack.clickhouse.reply import Start
from stack.clickhouse.request import OK_PATHS, Request, parse
from stack.clickhouse.service import Call, Service
from stack.clickhouse.streams import Inlet, Outlet

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A slow client holds its thread; the engine shares the cores among queries by itself.
THREADS = 64
KILL_THREADS = 2
KILL_AGAIN_SECONDS = 0.2  # a kill that came before its query had begun did nothing


class App:
    """One per process."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="query")
        self._killers = ThreadPoolExecutor(KILL_THREADS, thread_name_prefix="kill")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        request = parse(scope["method"], scope["path"], scope["query_string"], scope["headers"])
        if request.path in OK_PATHS or _is_greeting(request):
            await _answer(send, HTTPStatus.OK, b"Ok.\n")
        elif request.path != "/":
            text = f"There is no handle {request.path}\nUse / or /ping for health checks.\n"
            await _answer(send, HTTPStatus.NOT_FOUND, text.encode())
        else:
            await self._query(request, receive, send)

    async def _query(self, request: Request, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        call = Call(request, Inlet(loop), Outlet(loop))
        work = loop.run_in_executor(self._threads, self._service.serve, call)
        reading = asyncio.create_task(_read(receive, call))
        writing = asyncio.create_task(_write(send, call.outlet))
        try:
            await asyncio.wait({work, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await self._give_up(call, work)
            elif work.exception() is None and not reading.done():
                await writing
            work.result()
        except asyncio.CancelledError:
            return  # the server is stopping, and its patience is over
        finally:
            call.inlet.abandon()
            call.outlet.abandon()
            reading.cancel()
            writing.cancel()

    async def _give_up(self, call: Call, work: "asyncio.Future[None]") -> None:
        """The client has gone: what only reads is stopped, what changes data is let to end."""
        call.inlet.abandon()
        call.outlet.abandon()
        loop = asyncio.get_running_loop()
        while not work.done():
            if call.is_cancellable:
                await loop.run_in_executor(self._killers, self._service.kill, call)
            await asyncio.wait({work}, timeout=KILL_AGAIN_SECONDS)

    def close(self) -> None:
        """Kill what runs and wait for its end; no request may come any more."""
        self._threads.shutdown(wait=False)
        self._service.kill_all()
        self._threads.shutdown(wait=True)
        self._killers.shutdown(wait=True)


def _is_greeting(request: Request) -> bool:
    is_read = request.path == "/" and request.method in {"GET", "HEAD"}
    return is_read and request.params.keys() <= {"database"}


async def _read(receive: Receive, call: Call) -> None:
    """Ends when the client goes away."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if message.get("body"):
            await call.inlet.put(message["body"])
        if not message.get("more_body"):
            call.inlet.end()


async def _write(send: Send, outlet: Outlet) -> None:
    while (item := await outlet.get()) is not None:
        if isinstance(item, Start):
            await send(_start(item))
        else:
            await send({"type": "http.response.body", "body": item, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _start(start: Start) -> Message:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in start.headers.items()
    ]
    return {"type": "http.response.start", "status": int(start.status), "headers": headers}


async def _answer(send: Send, status: HTTPStatus, text: bytes) -> None:
    await send(_start(Start(status, {"Content-Type": "text/html; charset=UTF-8"})))
    await send({"type": "http.response.body", "body": text})
