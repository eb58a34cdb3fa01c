"""`hxi up --ui`: Dagster's pages show the warehouse, and end with the stack."""

import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.stack.running_up import Up

GRAPH = """{ workspaceOrError { ... on Workspace { locationEntries {
  name locationOrLoadError { __typename ... on PythonError { message } } } } }
  assetNodes { assetKey { path } groupName }
  instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"""


def asked(base: str) -> dict[str, Any]:
    """What the pages themselves ask the server for."""
    question = json.dumps({"query": GRAPH}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{base}/graphql", question, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        data: dict[str, Any] = json.load(answer)["data"]
    return data


@pytest.mark.timeout(600)
def test_the_pages_show_every_stage_and_nothing_outlives_a_killed_stack(tmp_path: Path) -> None:
    up = Up(tmp_path, "--ui")
    try:
        (line,) = (line for line in up.lines if line.startswith("dagster"))
        shown = asked(line.split()[1])
        (location,) = shown["workspaceOrError"]["locationEntries"]
        assert location["name"] == "hxi_warehouse"
        assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation"
        stages = {node["groupName"] for node in shown["assetNodes"]}
        assert {
            "raw",
            "plan",
            "events",
            "signals",
            "marts",
            "landing",
            "stage",
            "hxi",
            "done",
        } <= stages
        daemons = shown["instance"]["daemonHealth"]["allDaemonStatuses"]
        assert "SCHEDULER" in {daemon["daemonType"] for daemon in daemons}
        up.children = psutil.Process(up.process.pid).children(recursive=True)
        assert any("dagster_webserver" in child.cmdline() for child in up.children)
    finally:
        up.end(signal.SIGKILL)
    assert up.left_over() == []
