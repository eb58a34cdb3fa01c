"""What the intake promises the doors beside the answer: bounded memory, and no lost waiting."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ingest.admission.admission import Admission
from ingest.admission.keys import ApiKey, Keys
from ingest.decode.envelope import parse_protobuf
from ingest.errors import UnavailableError
from ingest.intake import INLINE_BYTES, MAX_HELD_BYTES, Intake, Sent
from ingest.spool import Spool
from tests.unit.ingest_doors.running_doors import KEY, KeyTable
from tests.unit.ingest_doors.sent_events import clicks


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path, 1 << 30) as spool:
        yield spool


@pytest.fixture
def intake(spool: Spool) -> Iterator[Intake]:
    intake = Intake(Admission(Keys(KeyTable(), 300.0, 3600.0)), spool)
    yield intake
    intake.close()


def sent(events: int) -> Sent:
    body = clicks(events, key=KEY).SerializeToString()
    return Sent("grpc", partial(parse_protobuf, body), len(body), "", is_backfill=False)


def test_bodies_beyond_the_bound_are_asked_to_come_back(intake: Intake) -> None:
    with intake.hold() as first, intake.hold() as second:
        first(MAX_HELD_BYTES - 10)
        second(10)
        with pytest.raises(UnavailableError):
            second(1)
        with pytest.raises(UnavailableError), intake.hold() as third:
            third(1)
    with intake.hold() as alone:
        alone(MAX_HELD_BYTES)


def test_a_body_is_let_go_of_whatever_happened_to_it(intake: Intake) -> None:
    def fail_while_held() -> None:
        with intake.hold() as hold:
            hold(MAX_HELD_BYTES)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_held()
    with intake.hold() as hold:
        hold(MAX_HELD_BYTES)


@pytest.mark.parametrize("events", [1, 1_000])
def test_a_client_that_stops_waiting_does_not_stop_the_spool(
    intake: Intake, spool: Spool, events: int
) -> None:
    async def leave_again_and_again() -> None:
        for _ in range(20):
            waiting = asyncio.create_task(intake.take(sent(events)))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await intake.take(sent(events))

    assert (sent(events).size > INLINE_BYTES) == (events == 1_000)
    asyncio.run(asyncio.wait_for(leave_again_and_again(), 30))
    assert spool.depth().batches >= 1


def test_batches_that_come_at_once_are_all_kept(intake: Intake, spool: Spool) -> None:
    async def send_all() -> list[str]:
        answers = await asyncio.gather(*(intake.take(sent(1 + n % 300)) for n in range(200)))
        return [answer.batch_id for answer in answers]

    batch_ids = asyncio.run(send_all())
    assert sorted(batch_ids) == sorted(one.batch_id for one in spool.read(1 << 40, 1 << 40))


def test_only_the_first_key_look_up_asks(spool: Spool) -> None:
    asked: list[str] = []
    table = KeyTable()

    async def lookup(key_hash: str) -> ApiKey | None:
        asked.append(key_hash)
        await asyncio.sleep(0.01)
        return await table(key_hash)

    async def send_all(intake: Intake) -> None:
        await asyncio.gather(*(intake.take(sent(1)) for _ in range(20)))

    intake = Intake(Admission(Keys(lookup, 300.0, 3600.0)), spool)
    asyncio.run(send_all(intake))
    intake.close()
    assert len(asked) == 1
