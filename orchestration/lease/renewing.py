"""Keeps a lease alive beside the work that it protects, and tells whether it is held still."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg

RENEWALS = 4  # within the time a lease lasts


class Row(Protocol):
    """The lease at the server. psycopg.OperationalError when it does not answer."""

    def renew(self) -> bool:
        """Put its end off; whether it is ours still."""

    def is_ours(self) -> bool:
        """Whether nobody has taken it over."""


def now_s() -> float:
    """Seconds that go on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Renewed:
    """What is known of a lease that lasts `seconds` from each renewal; for any thread."""

    def __init__(self, row: Row, seconds: float) -> None:
        self._row, self._seconds = row, seconds
        self._until = 0.0
        self._is_given_up = False
        self._lock = threading.Lock()

    def is_held(self) -> bool:
        """By the server's word; while it does not answer, by the time of the last renewal."""
        with self._lock:
            return not self._is_given_up and self._asked(
                self._row.is_ours, lambda: now_s() < self._until
            )

    def renew(self) -> None:
        """Counts from before the question. Changes nothing when the server does not answer."""
        with self._lock:
            asked = now_s()
            if self._asked(self._row.renew, lambda: False):
                self._until = asked + self._seconds

    def give_up(self) -> None:
        """For whoever asks from now on it is not held, though nobody else has it yet."""
        self._is_given_up = True

    @staticmethod
    def _asked(question: Callable[[], bool], otherwise: Callable[[], bool]) -> bool:
        try:
            return question()
        except psycopg.OperationalError:
            return otherwise()


@contextmanager
def renewing(row: Row, seconds: float) -> Iterator[Renewed]:
    """Renew in the background for the length of the block."""
    renewed, stop = Renewed(row, seconds), threading.Event()

    def run() -> None:
        while not stop.wait(seconds / RENEWALS):
            renewed.renew()

    thread = threading.Thread(target=run, name="lease", daemon=True)
    renewed.renew()
    thread.start()
    try:
        yield renewed
    finally:
        stop.set()
        thread.join()
