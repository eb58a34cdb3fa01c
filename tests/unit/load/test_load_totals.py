"""The totals are the ledger's, each batch counted once, however often its row is seen."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import OperationalError

from hxi.load import totals as totals_module
from hxi.load.errors import IngestDownError
from hxi.load.totals import LoadTotals, Row, wait_until_landed


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals_module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(totals_module, "LAST_PAUSE_SECONDS", 0.01)


def row(batch_id: str, landed: int = 1, **reasons: int) -> Row:
    rejected = sum(reasons.values())
    return (batch_id, landed + rejected, landed, landed, 0, rejected, 0, 0, 0, reasons)


def ledger(*answers: Callable[[list[str]], Iterable[Row]]) -> Callable[[list[str]], Iterable[Row]]:
    """Gives the answers one after the other, the last one for ever."""
    left = list(answers)

    def ask(ids: list[str]) -> Iterable[Row]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer(ids)

    return ask


def down(_: list[str]) -> Iterable[Row]:
    raise OperationalError("connection refused")


def everything(ids: list[str]) -> Iterable[Row]:
    return [row(one) for one in ids]


def test_rows_that_come_late_or_twice_count_once() -> None:
    totals, heard = LoadTotals(), list[int]()
    answers = ledger(
        lambda _: [],
        down,
        lambda _: [
            row("a", landed=3, timestamp_too_old=2),
            row("a", landed=3, timestamp_too_old=2),
        ],
        lambda ids: [row(one, landed=5, timestamp_too_old=1, malformed_event=1) for one in ids],
    )
    wait_until_landed(["a", "b"], totals, answers, 5, heard.append)
    assert (totals.received, totals.landed, totals.rejected) == (12, 8, 4)
    assert totals.reasons == {"timestamp_too_old": 3, "malformed_event": 1}
    assert heard == [1, 2]


def test_many_batches_are_asked_for_in_bounded_chunks() -> None:
    asked: list[int] = []

    def answer(ids: list[str]) -> Iterable[Row]:
        asked.append(len(ids))
        return everything(ids)

    totals = LoadTotals()
    wait_until_landed([str(number) for number in range(2_500)], totals, answer, 5)
    assert asked == [1_000, 1_000, 500]
    assert totals.landed == 2_500


@pytest.mark.parametrize("answer", [down, lambda _: []])
def test_what_never_lands_is_said_to_be_safe(answer: Any) -> None:
    first = ledger(lambda ids: [row(ids[0])], answer)
    with pytest.raises(IngestDownError, match=r"2 of 3 batches are not landed.*safe in ingest"):
        wait_until_landed(["a", "b", "c"], LoadTotals(), first, 0.1)


def test_nothing_sent_is_nothing_to_wait_for() -> None:
    wait_until_landed([], LoadTotals(), down, 0)


def test_only_so_many_refusals_are_kept_in_words() -> None:
    totals = LoadTotals()
    for number in range(100):
        totals.refuse(f"line {number}")
    assert (totals.refused_batches, len(totals.refusals)) == (100, 20)
