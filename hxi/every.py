"""`--every`: runs again and again in one process until it is told to stop."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from hxi.admin.errors import UserError
from hxi.stopping import handled

SECONDS = {"s": 1, "m": 60, "h": 3600}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.5


class Duration(click.ParamType[float]):
    """`30s`, `10m`, `1h`; a number alone is seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no duration such as 30s, 10m or 1h", param, ctx)
        return float(found[1]) * SECONDS[found[2] or "s"]


every_option = click.option(
    "--every",
    type=Duration(),
    default=None,
    help="Stay up, and look so often (30s, 10m, 1h) whether anything is new.",
)


def repeat(turn: Callable[[], str], every: float, say: Callable[[str], None]) -> None:
    """Call `turn` every so many seconds until SIGINT or SIGTERM; say each line that it returns.

    A turn at work is let to its end; a second signal does not wait for it. What a person or a
    store can mend is said once, however often it happens in a row, and tried again. Other errors
    are raised. Signals are ours, so turns have a thread of their own.
    """
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            _turns(turn, every, say, stop)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            failed.append(error)

    worker = threading.Thread(target=work, name="every", daemon=True)
    with _stopping(stop):
        worker.start()
        while worker.is_alive():
            worker.join(LOOK_SECONDS)
    if failed:
        raise failed[0]


def _turns(
    turn: Callable[[], str], every: float, say: Callable[[str], None], stop: threading.Event
) -> None:
    last = ""
    while not stop.is_set():
        begun = time.monotonic()
        line, is_trouble = _tried(turn)
        if line and not (is_trouble and line == last):
            say(line)
        last = line if is_trouble else ""
        stop.wait(max(0.0, begun + every - time.monotonic()))


def _tried(turn: Callable[[], str]) -> tuple[str, bool]:
    """The turn's line, or what was wrong; and whether it was."""
    try:
        return turn(), False
    except UserError as error:
        return f"{error}; tried again", True
    except Exception as error:
        from hxi.admin.store_errors import told  # loads every store's client

        reason = told(error)
        if reason is None:
            raise
        return f"{reason}; tried again", True


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with handled(STOP_SIGNALS, ask):
        yield
