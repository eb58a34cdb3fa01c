"""docs/ingest.md tells the truth: its examples run, its tables are complete."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.rejects import Reason
from ingest.settings import VARIABLES
from stack.embedded import Stack

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "ingest.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def run(stack: Stack, *command: str) -> str:
    ended = subprocess.run(
        command,
        env=stack.endpoints.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_curl_example_gets_the_answer_it_shows(stack: Stack) -> None:
    lines = example("sh").splitlines()
    assert lines[0].startswith('eval "$(hxi env)"')
    curl = shutil.which("curl")
    script = "\n".join(lines[1:]).replace("curl ", f"{curl} ", 1)
    script = script.replace("$(date", f"$({shutil.which('date')}")
    answer = run(stack, "/bin/sh", "-c", script)
    assert answer == '{"success":true,"eventsAccepted":1,"eventsRejected":0}'
    assert answer in PAGE


def test_the_python_example_is_accepted(stack: Stack) -> None:
    answer = run(stack, sys.executable, "-c", example("python"))
    assert answer.split() == ["success:", "true", "events_accepted:", "1"]


def test_every_reason_and_every_variable_is_on_the_page() -> None:
    names = {reason.value for reason in Reason} | set(VARIABLES.values()) - {"HXI_REDIS_URL"}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
