"""`--every`: turns follow each other until a signal, and trouble ends none of them."""

import os
import signal
import threading
import time

import click
import psycopg
import pytest

from hxi.admin.errors import UserError
from hxi.every import Duration, repeat


class Turns:
    """Does what each of `acts` says, one a turn, then asks itself to stop."""

    def __init__(self, *acts: str | Exception) -> None:
        self.acts = list(acts)

    def __call__(self) -> str:
        if not self.acts:
            os.kill(os.getpid(), signal.SIGTERM)
            return ""
        act = self.acts.pop(0)
        if isinstance(act, Exception):
            raise act
        return act


def said(*acts: str | Exception) -> list[str]:
    lines: list[str] = []
    repeat(Turns(*acts), 0.01, lines.append)
    return lines


def test_a_turn_says_a_line_or_nothing() -> None:
    assert said("one", "", "two", "two") == ["one", "two", "two"]


def test_trouble_is_said_once_in_a_row_and_tried_again() -> None:
    busy, gone = UserError("another run is at work"), psycopg.OperationalError("no server")
    lines = said(busy, busy, gone, gone, "done", busy)
    assert lines == [
        "another run is at work; tried again",
        "PostgreSQL failed (no server): see `hxi status`; tried again",
        "done",
        "another run is at work; tried again",
    ]


def test_a_fault_of_ours_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        said("one", ZeroDivisionError())


def stop_when(begun: threading.Event, *, times: int) -> threading.Thread:
    """Asks this process to stop; so far apart that two are not one, on a busy machine too."""

    def send() -> None:
        begun.wait()
        for number in range(times):
            time.sleep(2 * bool(number))
            os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=send)
    sender.start()
    return sender


def test_a_signal_lets_the_turn_at_work_end() -> None:
    begun, lines = threading.Event(), list[str]()

    def turn() -> str:
        begun.set()
        time.sleep(1)
        return "ended"

    sender = stop_when(begun, times=1)
    repeat(turn, 60, lines.append)
    sender.join()
    assert lines == ["ended"]


def test_a_second_signal_does_not() -> None:
    begun, over, lines = threading.Event(), threading.Event(), list[str]()

    def turn() -> str:
        begun.set()
        over.wait(60)
        return "ended"

    sender = stop_when(begun, times=2)
    with pytest.raises(KeyboardInterrupt):
        repeat(turn, 60, lines.append)
    assert lines == []
    over.set()
    sender.join()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("0.5s", 0.5), ("10m", 600), ("1h", 3600), ("7", 7)]
)
def test_durations_have_a_unit(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "0s", "soon", "-1s", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no duration such as 30s"):
        Duration().convert(text, None, None)
