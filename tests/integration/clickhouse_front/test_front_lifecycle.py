import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from stack.ports import HOST
from tests.integration.clickhouse_front.front_process import PASSWORD, READER_PASSWORD, Front
from tests.integration.clickhouse_front.processes import wait_running

BATCH = 100


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Front]:
    """A front that the test may end as it likes."""
    started = Front(tmp_path / "data")
    try:
        started.wait_ready()
        yield started
    finally:
        if started.process.poll() is None:
            started.end(signal.SIGKILL)


def make_table(front: Front) -> None:
    with front.client() as client:
        client.command("CREATE DATABASE IF NOT EXISTS d")
        client.command("CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n")


def rows(front: Front) -> list[int]:
    with front.client() as client:
        return [row[0] for row in client.query("SELECT n FROM d.t ORDER BY n").result_rows]


def test_kill_9_loses_no_acknowledged_insert(own: Front) -> None:
    make_table(own)
    acknowledged: list[int] = []
    enough = threading.Event()

    def insert_until_the_end() -> None:
        with own.client() as client:
            for start in range(0, 1_000_000, BATCH):
                numbers = list(range(start, start + BATCH))
                try:
                    client.insert("d.t", [[n] for n in numbers])
                except (ClickHouseError, OSError):
                    return
                acknowledged.extend(numbers)
                if start >= 50 * BATCH:
                    enough.set()

    writer = threading.Thread(target=insert_until_the_end)
    writer.start()
    assert enough.wait(30)
    own.end(signal.SIGKILL)
    writer.join()

    again = Front(own.folder, own.port)
    try:
        again.wait_ready()
        kept = rows(again)
        # The insert under way when it died may be there too, and then whole.
        assert kept[: len(acknowledged)] == acknowledged
        assert len(kept) - len(acknowledged) in (0, BATCH)
    finally:
        again.end(signal.SIGTERM)


def test_sigterm_ends_it_cleanly_and_a_new_start_has_all_rows(own: Front) -> None:
    make_table(own)
    with own.client() as client:
        client.insert("d.t", [[n] for n in range(BATCH)])
    assert own.end(signal.SIGTERM) == 0
    assert "Traceback" not in own.output
    again = Front(own.folder)
    try:
        again.wait_ready()
        assert rows(again) == list(range(BATCH))
    finally:
        assert again.end(signal.SIGTERM) == 0


def test_sigterm_does_not_wait_for_a_long_query(own: Front) -> None:
    query = "SELECT max(sipHash64(number)) FROM numbers(1000000000000) /* long */"
    with own.ask(query):
        with own.client() as client:
            wait_running(client, "/* long */")
        assert own.end(signal.SIGTERM) == 0
    assert "Traceback" not in own.output


def test_a_second_process_on_the_folder_says_so_in_one_line(own: Front) -> None:
    second = Front(own.folder)
    before = own.output
    assert second.ends() != 0
    lines = second.output.removeprefix(before).splitlines()
    assert len(lines) == 1
    assert str(own.folder) in lines[0]
    with own.client() as client:
        assert client.query("SELECT 1").first_row == (1,)


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = Front(tmp_path / "data", port)
        assert refused.ends() != 0
    lines = refused.output.splitlines()
    assert len(lines) == 1
    assert str(port) in lines[0]


def test_no_password_is_in_the_process_list_and_it_listens_on_loopback(own: Front) -> None:
    process = psutil.Process(own.process.pid)
    words = " ".join(process.cmdline())
    assert PASSWORD not in words
    assert READER_PASSWORD not in words
    listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [c.laddr for c in listening] == [(HOST, own.port)]
