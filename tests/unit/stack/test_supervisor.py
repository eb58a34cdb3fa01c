import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hxi.admin.errors import StartError
from stack import supervisor as supervisor_module
from stack.supervisor import Program, Supervisor
from tests.waiting import until

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path)
    yield made
    made.stop_all()


def sleeper(name: str = "sleeper", code: str = "import time; time.sleep(60)") -> Program:
    return Program(
        name, [sys.executable, "-S", "-c", code], is_ready=lambda: True, stop_seconds=0.5
    )


def test_a_killed_program_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(sleeper())
    old = supervisor.pids["sleeper"]
    os.kill(old, signal.SIGKILL)
    until(lambda: supervisor.pids.get("sleeper", old) != old)
    log = supervisor.log_file("sleeper").read_text()
    assert log.count("sleeper starts") == 2


def test_a_halted_program_stays_down_until_it_is_resumed(supervisor: Supervisor) -> None:
    supervisor.start(sleeper())
    supervisor.halt("sleeper")
    time.sleep(3 * supervisor_module.POLL_SECONDS)
    assert supervisor.pids == {}
    supervisor.resume("sleeper")
    assert list(supervisor.pids) == ["sleeper"]


def test_a_program_that_keeps_ending_is_given_up_with_its_last_words(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_RESTART_SECONDS", 0.01)
    command = [sys.executable, "-S", "-c", "print('disk is full'); raise SystemExit(1)"]
    supervisor.start(Program("bad", command, is_ready=lambda: False))
    with pytest.raises(StartError, match=r"bad keeps ending, see .*bad\.log: disk is full"):
        supervisor.wait_ready(["bad"], 20)


def test_a_program_that_is_never_ready_is_given_up_in_time(supervisor: Supervisor) -> None:
    program = sleeper("slow")
    supervisor.start(Program(program.name, program.command, is_ready=lambda: False))
    with pytest.raises(StartError, match="slow is not ready after 0 s"):
        supervisor.wait_ready(["slow"], 0.2)


def test_a_program_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.start(sleeper(code=STUBBORN))
    pid = supervisor.pids["sleeper"]
    supervisor.stop_all()
    assert not psutil.pid_exists(pid)


def test_programs_stop_in_reverse_order(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    told = tmp_path / "told"
    names = ("store", "service")
    for name in names:
        code = (
            "import signal, sys, time\n"
            f"def end(*_): open({str(told)!r}, 'a').write('{name} '); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(60)"
        )
        supervisor.start(sleeper(name, code))
    until(lambda: all("up\n" in supervisor.log_file(name).read_text() for name in names))
    supervisor.stop_all()
    assert told.read_text() == "service store "


def test_no_program_outlives_a_parent_killed_by_9(tmp_path: Path) -> None:
    parent_code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from stack.supervisor import Program, Supervisor\n"
        f"s = Supervisor(Path({str(tmp_path)!r}))\n"
        f"s.start(Program('child', [sys.executable, '-S', '-c', {STUBBORN!r}], lambda: True))\n"
        "print(s.pids['child'], flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    until(lambda: not psutil.pid_exists(pid))


def test_a_tree_kept_by_the_keeper_ends_with_it(tmp_path: Path, supervisor: Supervisor) -> None:
    keeper = Path(supervisor_module.__file__).with_name("keeper.py")
    # A child that starts a grandchild in a session of its own and ignores what it is told.
    code = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True)\n"
        "print('pid', p.pid, flush=True)\np.wait()"
    )
    command = [sys.executable, str(keeper), sys.executable, "-c", code]
    supervisor.start(Program("tree", command, lambda: True, stop_seconds=10))
    log = supervisor.log_file("tree")
    until(lambda: "pid" in log.read_text())
    grandchild = int(log.read_text().split("pid")[1].split()[0])
    supervisor.halt("tree")
    assert not psutil.pid_exists(grandchild)


def test_a_command_that_does_not_exist_says_so_in_its_log(supervisor: Supervisor) -> None:
    supervisor.start(Program("none", ["/no/such/program"], lambda: True))
    until(lambda: "cannot run /no/such/program" in supervisor.log_file("none").read_text())
