import json
import shlex
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints, endpoints_file
from hxi.admin.urls import answers_ok
from stack.embedded import Stack
from tests.integration.stack.running_up import ROOT, Up, hxi
from tests.waiting import until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One stack for this file, next to the session's own: two run side by side."""
    started = Up(tmp_path_factory.mktemp("up"))
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


def addresses(folder: Path, *options: str) -> dict[str, str]:
    """What `hxi env` prints, as a shell would read it."""
    shown = hxi("env", "--data-dir", str(folder), *options)
    assert shown.returncode == 0, shown.stderr
    words = [shlex.split(line) for line in shown.stdout.splitlines()]
    assert all(export == "export" for export, _ in words)
    return dict(word.split("=", 1) for _, word in words)


def test_up_says_where_everything_is_without_passwords(up: Up) -> None:
    text = "\n".join(up.lines)
    for name in ("ingest http", "clickhouse", "mongodb", "postgres", "redis", "data folder"):
        assert any(line.startswith(name) for line in up.lines)
    secrets = json.loads((up.folder / "passwords.json").read_text()).values()
    assert not any(secret in text for secret in secrets)


def test_env_prints_what_reaches_this_stack_and_no_other(up: Up, endpoints: Endpoints) -> None:
    found = addresses(up.folder)
    assert endpoints.environment().keys() < found.keys()
    assert (ROOT / "dbt_project" / "profiles.yml").samefile(
        Path(found["DBT_PROFILES_DIR"]) / "profiles.yml"
    )
    assert addresses(up.folder, "--stores") == {
        name: value for name, value in found.items() if name.startswith("HXI_")
    }
    with clients.clickhouse(found["HXI_CLICKHOUSE_URL"]) as client:
        client.command("CREATE DATABASE IF NOT EXISTS only_here")
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        assert ("only_here",) not in client.query("SHOW DATABASES").result_rows
    with urllib.request.urlopen(found["HXI_INGEST_URL"] + "/ready", timeout=5) as answer:
        assert answer.status == 200
    with clients.postgres(found["HXI_POSTGRES_DSN"]) as connection:
        row = connection.execute("SELECT id::text FROM gosight.projects").fetchall()
    assert row == [(found["HXI_PROJECT_ID"],)]


def test_status_tells_all_is_up(up: Up) -> None:
    shown = hxi("status", "--json", "--data-dir", str(up.folder))
    assert shown.returncode == 0, shown.stderr
    status = json.loads(shown.stdout)
    assert status["stores"] == dict.fromkeys(["clickhouse", "mongodb", "postgres", "redis"], True)
    assert status["is_up"] is True
    assert status["waiting_sessions"] == 0
    assert "waiting      0 sessions" in hxi("status", "--data-dir", str(up.folder)).stdout


def test_a_second_up_on_the_folder_ends_with_one_line(up: Up) -> None:
    second = hxi("up", "--ports", "auto", "--data-dir", str(up.folder))
    assert (second.returncode, second.stdout) == (4, "")
    assert second.stderr.startswith(f"hxi: a stack runs on {up.folder} already")
    assert second.stderr.count("\n") == 1


def test_a_child_killed_is_started_again_on_its_port(up: Up) -> None:
    found = addresses(up.folder)
    ingest = next(p for p in up.children if p.cmdline()[-2:] == ["-m", "ingest"])
    ingest.kill()
    until(lambda: answers_ok(found["HXI_INGEST_URL"] + "/ready"))


def test_killed_by_9_it_leaves_no_process_and_loses_nothing(up: Up) -> None:
    before = addresses(up.folder)
    with clients.postgres(before["HXI_POSTGRES_DSN"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    up.children = psutil.Process(up.process.pid).children(recursive=True)
    assert len(up.children) >= 5
    up.end(signal.SIGKILL)
    assert up.left_over() == []

    assert endpoints_file(up.folder).exists()
    for command in ("env", "status"):
        shown = hxi(command, "--data-dir", str(up.folder))
        assert shown.returncode == 3
        assert shown.stderr.startswith("hxi: no stack runs on")

    again = Up(up.folder)
    try:
        found = addresses(up.folder)
        assert found["HXI_PROJECT_KEY"] == before["HXI_PROJECT_KEY"]
        with clients.postgres(found["HXI_POSTGRES_DSN"]) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
        again.children = psutil.Process(again.process.pid).children(recursive=True)
    finally:
        code = again.end(signal.SIGINT)
    assert code == 0
    assert again.left_over() == []
    assert not endpoints_file(up.folder).exists()


def test_a_store_named_by_its_url_is_used_and_not_started(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    given = {
        "HXI_CLICKHOUSE_URL": endpoints.clickhouse_url,
        "HXI_POSTGRES_DSN": endpoints.postgres_dsn,
        "HXI_REDIS_URL": endpoints.redis_url,
    }
    with Stack(tmp_path, environment=given) as stack:
        stack.start_stores()
        assert set(stack.pids) == {"mongodb"}
        assert {name: stack.endpoints.environment()[name] for name in given} == given
        assert stack.endpoints.mongodb_uri != endpoints.mongodb_uri
        # A folder that does not know the default project's key makes one more.
        assert stack.endpoints.project_id == endpoints.project_id
        assert stack.endpoints.project_key != endpoints.project_key


def test_a_url_that_does_not_answer_is_named(tmp_path: Path) -> None:
    shown = hxi(
        *("up", "--ports", "auto", "--data-dir", str(tmp_path)),
        HXI_CLICKHOUSE_URL="http://user:secret@127.0.0.1:9",
    )
    assert shown.returncode == 6
    assert shown.stderr.startswith("hxi: the store that HXI_CLICKHOUSE_URL names does not answer")
    assert "secret" not in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_no_stack_is_one_line_for_every_command(tmp_path: Path) -> None:
    for command in (["env"], ["status"], ["project", "list"], ["key", "revoke", "gs_x"]):
        shown = hxi(*command, "--data-dir", str(tmp_path))
        assert shown.returncode == 3, shown.stderr
        assert shown.stderr.count("\n") == 1
        assert "start one with `hxi up`" in shown.stderr
