import threading

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.integration.clickhouse_front.front_process import Front
from tests.integration.clickhouse_front.processes import wait_running


def test_a_temporary_table_lives_in_its_session_alone(front: Front, client: Client) -> None:
    with front.client(session_id="mine") as mine, front.client(session_id="theirs") as theirs:
        mine.command("CREATE TEMPORARY TABLE scratch (n UInt8)")
        mine.insert("scratch", [[1], [2]])
        assert mine.query("SELECT sum(n) FROM scratch").first_row == (3,)
        for other in (theirs, client):
            with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
                other.query("SELECT sum(n) FROM scratch")
    with front.client(session_id="mine") as again:
        assert again.query("SELECT sum(n) FROM scratch").first_row == (3,)


def test_set_holds_in_its_session_and_a_setting_of_one_query_does_not(front: Front) -> None:
    query = "SELECT getSetting('max_threads')"
    with front.client(session_id="settings") as mine:
        mine.command("SET max_threads = 3")
        assert mine.query(query, settings={"max_threads": 5}).first_row == (5,)
        assert mine.query(query).first_row == (3,)


def test_a_busy_session_answers_373(front: Front, http: httpx.Client) -> None:
    params = {"session_id": "busy"}
    slow = "SELECT sleepEachRow(0.5) FROM numbers(4) SETTINGS max_block_size = 1 -- busy"
    with front.client() as admin:
        thread = threading.Thread(
            target=httpx.post,
            args=(front.url,),
            kwargs={"params": params, "content": slow, "auth": http.auth, "timeout": 30},
        )
        thread.start()
        wait_running(admin, "-- busy")
    answer = http.post("/", params=params, content="SELECT 1")
    thread.join()
    assert answer.headers["X-ClickHouse-Exception-Code"] == "373"
    assert answer.status_code >= 400
    assert http.post("/", params=params, content="SELECT 1").text == "1\n"


def test_a_session_that_must_exist_and_does_not_answers_372(http: httpx.Client) -> None:
    params = {"session_id": "nobody", "session_check": "1"}
    answer = http.post("/", params=params, content="SELECT 1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "372")
