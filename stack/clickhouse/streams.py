"""Bodies between the event loop and the thread that serves a request, bounded both ways."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator

from stack.clickhouse.errors import ClientGoneError

INLET_BYTES = 8 << 20
OUTLET_CHUNKS = 4


class Inlet:
    """The request body: the loop puts, the thread iterates."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._is_ended = False
        self._is_gone = False
        self._changed = threading.Condition()
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def put(self, chunk: bytes) -> None:
        """Waits while the thread is behind."""
        await self._has_room.wait()
        with self._changed:
            self._chunks.append(chunk)
            self._bytes += len(chunk)
            if self._bytes > INLET_BYTES:
                self._has_room.clear()
            self._changed.notify()

    def end(self) -> None:
        """The body is complete."""
        with self._changed:
            self._is_ended = True
            self._changed.notify()

    def abandon(self) -> None:
        """The client went away: the thread gets ClientGoneError unless the body was complete."""
        with self._changed:
            self._is_gone = True
            self._changed.notify()
        self._has_room.set()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not (self._chunks or self._is_ended or self._is_gone):
                    self._changed.wait()
                if not self._chunks:
                    if self._is_ended:
                        return
                    raise ClientGoneError
                chunk = self._chunks.popleft()
                was_full = self._bytes > INLET_BYTES
                self._bytes -= len(chunk)
                has_room = self._bytes <= INLET_BYTES
            if was_full and has_room:
                self._loop.call_soon_threadsafe(self._has_room.set)
            yield chunk


class Outlet:
    """The response: the thread puts a start and chunks, the loop gets them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: asyncio.Queue[object] = asyncio.Queue()
        self._room = threading.Semaphore(OUTLET_CHUNKS)
        self._is_gone = False

    def put(self, item: object) -> None:
        """Waits for a slow client; ClientGoneError once it has left."""
        self._room.acquire()
        if self._is_gone:
            self._room.release()  # the next one is let go too
            raise ClientGoneError
        self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    async def get(self) -> object:
        """The next item, in order."""
        item = await self._items.get()
        self._room.release()
        return item

    def abandon(self) -> None:
        """The client went away; whoever waits in `put` is let go."""
        self._is_gone = True
        self._room.release()
