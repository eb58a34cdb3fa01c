"""The keeper's program and all that it started end with the keeper, however that ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from stack.services import KEEPER

# Starts a process of its own that ignores polite signals, and ends it when asked to end itself.
PROGRAM = """
import signal, subprocess, sys
polite = [signal.SIGINT, signal.SIGTERM]
stubborn = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in {}]; time.sleep(60)"
signal.pthread_sigmask(signal.SIG_BLOCK, polite)
child = subprocess.Popen([sys.executable, "-c", stubborn.format([2, 15])])
print("started", flush=True)
signal.sigwait(polite)
if sys.argv[1] == "tidy":
    child.kill()
    child.wait()
"""


@pytest.fixture
def started(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[psutil.Process, list[psutil.Process]]]:
    """The keeper and the two processes below it."""
    with subprocess.Popen(
        [sys.executable, str(KEEPER), sys.executable, "-c", PROGRAM, request.param],
        stdout=subprocess.PIPE,
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"started\n"
        process = psutil.Process(keeper.pid)
        below = process.children(recursive=True)
        yield process, below
        for one in [process, *below]:
            if one.is_running():
                one.kill()


def ended(processes: list[psutil.Process]) -> bool:
    return psutil.wait_procs(processes, timeout=10)[1] == []


@pytest.mark.parametrize("started", ["tidy", "untidy"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_takes_along_even_what_its_program_left(
    started: tuple[psutil.Process, list[psutil.Process]], number: int
) -> None:
    keeper, below = started
    assert len(below) == 2
    keeper.send_signal(number)
    assert ended([keeper, *below])


@pytest.mark.parametrize("started", ["tidy"], indirect=True)
def test_killed_it_has_its_program_asked_to_end(
    started: tuple[psutil.Process, list[psutil.Process]],
) -> None:
    keeper, below = started
    keeper.kill()
    assert ended(below)


@pytest.mark.parametrize("started", ["untidy"], indirect=True)
def test_a_program_that_dies_takes_its_own_along(
    started: tuple[psutil.Process, list[psutil.Process]],
) -> None:
    keeper, below = started
    keeper.children()[0].kill()
    assert ended([keeper, *below])


def test_the_programs_exit_code_is_the_keepers() -> None:
    code = subprocess.call(
        [sys.executable, str(KEEPER), sys.executable, "-c", "raise SystemExit(7)"]
    )
    assert code == 7
