"""Bodies between event loop and thread: in order, bounded, and let go when a client leaves."""

import asyncio

import pytest

from stack.clickhouse.errors import ClientGoneError
from stack.clickhouse.streams import INLET_BYTES, OUTLET_CHUNKS, Inlet, Outlet


def test_a_body_arrives_in_order_and_waits_for_its_reader() -> None:
    chunk = bytes(INLET_BYTES // 2)

    async def send() -> tuple[list[int], bool]:
        inlet = Inlet(asyncio.get_running_loop())
        for _ in range(3):
            await inlet.put(chunk)
        blocked = asyncio.create_task(inlet.put(b"last"))
        await asyncio.sleep(0.05)
        was_blocked = not blocked.done()
        reader = iter(inlet)
        sizes = [len(await asyncio.to_thread(next, reader)) for _ in range(3)]
        await blocked
        inlet.end()
        return [*sizes, *map(len, reader)], was_blocked

    sizes, was_blocked = asyncio.run(send())
    assert sizes == [len(chunk)] * 3 + [4]
    assert was_blocked


def test_a_reader_of_an_abandoned_body_is_told() -> None:
    async def leave() -> None:
        inlet = Inlet(asyncio.get_running_loop())
        await inlet.put(b"half")
        inlet.abandon()
        await asyncio.to_thread(list, inlet)

    with pytest.raises(ClientGoneError):
        asyncio.run(leave())


def test_a_complete_body_is_read_though_its_client_has_left() -> None:
    async def leave() -> list[bytes]:
        inlet = Inlet(asyncio.get_running_loop())
        await inlet.put(b"all")
        inlet.end()
        inlet.abandon()
        return list(inlet)

    assert asyncio.run(leave()) == [b"all"]


def test_a_writer_waits_for_a_slow_client_and_is_let_go_when_it_leaves() -> None:
    async def leave() -> bool:
        outlet = Outlet(asyncio.get_running_loop())

        def write() -> None:
            for _ in range(OUTLET_CHUNKS + 1):
                outlet.put(b"chunk")

        writing = asyncio.create_task(asyncio.to_thread(write))
        await asyncio.sleep(0.05)
        was_waiting = not writing.done()
        outlet.abandon()
        with pytest.raises(ClientGoneError):
            await writing
        return was_waiting

    assert asyncio.run(leave())
