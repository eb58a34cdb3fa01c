"""After a lost answer a load ends only when the spool holds nothing of that time any more."""

import time
from collections.abc import Callable

import pytest

from hxi.load import spool_health
from hxi.load.errors import IngestDownError
from hxi.load.spool_health import wait_until_drained

Age = Callable[[], float | None]


@pytest.fixture
def ages(monkeypatch: pytest.MonkeyPatch) -> Callable[[Age], None]:
    """Sets what ingest says of its oldest batch's age."""
    monkeypatch.setattr(spool_health, "PAUSE_SECONDS", 0.01)
    return lambda age: monkeypatch.setattr(spool_health, "_oldest_age", lambda _: age())


def test_an_empty_spool_is_drained(ages: Callable[[Age], None]) -> None:
    ages(lambda: 0.0)
    wait_until_drained("", time.monotonic() - 0.001, 1)


def test_batches_accepted_later_are_not_waited_for(ages: Callable[[Age], None]) -> None:
    ages(lambda: 5.0)
    wait_until_drained("", time.monotonic() - 10, 1)


def test_older_ones_are_waited_for_even_while_ingest_restarts(ages: Callable[[Age], None]) -> None:
    said = [30.0, None, 30.0, None, 20.0, 0.5]
    ages(lambda: said.pop(0))
    wait_until_drained("", time.monotonic() - 10, 1)
    assert said == []


@pytest.mark.parametrize("is_up", [True, False])
def test_patience_ends_when_nothing_moves(ages: Callable[[Age], None], is_up: bool) -> None:
    began = time.monotonic() - 20
    ages(lambda: time.monotonic() - began if is_up else None)
    with pytest.raises(IngestDownError, match="has not moved for 0 s: what was taken is safe"):
        wait_until_drained("", time.monotonic() - 10, 0.2)


def test_patience_lasts_as_long_as_something_moves(ages: Callable[[Age], None]) -> None:
    began = time.monotonic()
    ages(lambda: 100.0 - (time.monotonic() - began) * 200)  # 0 after half a second
    wait_until_drained("", time.monotonic() - 10, 0.05)
    assert time.monotonic() - began > 0.4
