from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData

from tests.integration.clickhouse_front.front_process import (
    OWNER,
    PASSWORD,
    READ_ONLY,
    READER,
    USER,
    Front,
    Login,
)


@pytest.fixture
def reader(front: Front, client: Client, database: str) -> Iterator[Client]:
    """The read-only user, with a table of one row to read."""
    client.command("CREATE TABLE facts ENGINE = MergeTree ORDER BY n AS SELECT 1 AS n")
    with front.client(READ_ONLY, database=database) as connected:
        yield connected


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that no query of a reader may show."""
    path = tmp_path / "outside.csv"
    path.write_text("treasure\n")
    return path


@pytest.mark.parametrize(
    "login",
    [Login(USER, "wrong"), Login(USER, ""), Login("nobody", PASSWORD), Login("default", "")],
)
def test_nobody_gets_in_without_the_right_password(front: Front, login: Login) -> None:
    with front.http(login) as http:
        answer = http.post("/", content="SELECT 1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
    assert login.user in answer.text


def test_a_request_without_a_user_gets_nothing(front: Front) -> None:
    answer = httpx.post(front.url, content="SELECT 1")
    assert answer.status_code in (401, 403)
    assert httpx.get(f"{front.url}/ping").text == "Ok.\n"


def test_user_and_password_may_come_in_headers_or_the_address(front: Front) -> None:
    headers = {"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD}
    query = {"query": "SELECT 1"}
    assert httpx.get(front.url, params=query, headers=headers).text == "1\n"
    in_address = query | {"user": USER, "password": PASSWORD}
    assert httpx.get(front.url, params=in_address).text == "1\n"


def test_get_is_read_only(http: httpx.Client, client: Client) -> None:
    answer = http.get("/", params={"query": "CREATE TABLE made (n UInt8) ENGINE = Memory"})
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "164")
    assert client.query("SHOW TABLES").result_rows == []


def test_the_reader_reads_rows_and_arrow_and_may_set_its_limits(
    front: Front, reader: Client, database: str
) -> None:
    assert reader.query("SELECT n FROM facts").result_rows == [(1,)]
    assert reader.query_arrow("SELECT n FROM facts").num_rows == 1
    limits = {"database": database, "max_threads": "1"}
    with front.http(READ_ONLY) as http:
        answer = http.post("/", params=limits, content="SELECT getSetting('max_threads')")
    assert answer.text == "1\n"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO facts VALUES (2)",
        "INSERT INTO facts SELECT 2",
        "CREATE TABLE made (n UInt8) ENGINE = Memory",
        "CREATE DATABASE made",
        "CREATE VIEW made AS SELECT 1",
        "DROP TABLE facts",
        "TRUNCATE TABLE facts",
        "ALTER TABLE facts DELETE WHERE 1",
        "DELETE FROM facts WHERE 1",
        "OPTIMIZE TABLE facts",
        "RENAME TABLE facts TO gone",
        "SYSTEM FLUSH LOGS",
        "KILL QUERY WHERE 1",
        "UPDATE facts SET n = 3 WHERE 1",
        "EXCHANGE TABLES facts AND facts",
        "DETACH TABLE facts",
        "BACKUP TABLE facts TO File('facts')",
        "GRANT ALL ON *.* TO default",
        "CREATE FUNCTION made AS (x) -> x",
        "CREATE NAMED COLLECTION made AS url = 'x'",
        "CREATE TABLE made (n UInt8) ENGINE = Memory PARALLEL WITH DROP TABLE facts",
        "EXECUTE AS default INSERT INTO facts VALUES (2)",
        "SET ROLE ALL",
        "SET ROLE DEFAULT",
        "SET DEFAULT ROLE ALL TO default",
        "SET dialect = 'prql'",
        "SELECT 2 SETTINGS dialect = 'kusto'",
        "SET readonly = 0",
        "INSERT INTO facts SELECT 2 SETTINGS readonly = 0",
        "WITH 2 AS two INSERT INTO facts SELECT two",
        "EXPLAIN SELECT 1; INSERT INTO facts VALUES (2)",
    ],
)
def test_the_reader_writes_nothing(
    front: Front, reader: Client, client: Client, database: str, statement: str
) -> None:
    with front.http(READ_ONLY) as http:
        for extra in ({}, {"readonly": "0"}, {"session_id": "writer"}):
            answer = http.post("/", params={"database": database} | extra, content=statement)
            assert answer.status_code >= 400, answer.text
            assert "Traceback" not in answer.text
    assert client.query("SELECT n FROM facts").result_rows == [(1,)]
    assert client.query("SHOW TABLES").result_rows == [("facts",)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM file('{path}', 'CSV', 's String')",
        "DESCRIBE TABLE file('{path}', 'CSV')",
        "SELECT * FROM default.`{path}`",
        "SELECT * FROM `{path}`",
        "SELECT * FROM '{path}'",
        "SELECT file('{path}')",
        "SELECT * FROM fileCluster('c', '{path}', 'CSV', 's String')",
        "SELECT * FROM url('file://{path}', 'CSV', 's String')",
        "SELECT * FROM url('{url}/?query=SELECT+1', 'CSV', 's String')",
        "SELECT * FROM remote('{address}', system.one)",
        "SELECT * FROM s3('{url}/bucket/x.csv', 'CSV', 's String')",
        "SELECT * FROM executable('cat', 'CSV', 's String', (SELECT 1))",
        "SELECT * FROM Python(os)",
        "SELECT 1 INTO OUTFILE '{path}.out'",
        "CREATE TEMPORARY TABLE seen (s String) ENGINE = File(CSV, '{path}')",
        "CREATE TEMPORARY TABLE seen (s String) ENGINE = URL('{url}/ping', CSV)",
        "SELECT (SELECT s FROM file('{path}', 'CSV', 's String'))",
        "SELECT * FROM view(SELECT * FROM file('{path}', 'CSV', 's String'))",
    ],
)
def test_the_reader_reaches_neither_files_nor_other_machines(
    front: Front, outside: Path, query: str
) -> None:
    address = front.url.removeprefix("http://")
    text = query.format(path=outside, url=front.url, address=address)
    with front.http(READ_ONLY) as http:
        answer = http.post("/", content=text)
    assert answer.status_code >= 400, answer.text
    assert "treasure" not in answer.text
    assert [path.name for path in outside.parent.iterdir()] == [outside.name]


def test_a_query_cannot_write_a_file_of_the_machine(http: httpx.Client, outside: Path) -> None:
    answer = http.post("/", content=f"SELECT 1 INTO OUTFILE '{outside}.out'")
    assert answer.status_code >= 400
    assert [path.name for path in outside.parent.iterdir()] == [outside.name]


def test_the_reader_may_not_stop_another_ones_settings(front: Front) -> None:
    with front.client(READ_ONLY) as reader, pytest.raises(DatabaseError):
        reader.command("SET max_memory_usage = 0, readonly = 0")
    with front.client(OWNER) as owner:
        assert owner.query("SELECT getSetting('readonly')").first_row == (0,)
    assert READER != USER


@pytest.mark.parametrize(
    "limit",
    ["max_memory_usage = 0", f"max_memory_usage = {1 << 60}", "max_execution_time = 0",
     "max_execution_time = 100000", "max_untracked_memory = 1000000000000"],
)  # fmt: skip
def test_the_reader_may_not_lift_its_limits(front: Front, limit: str) -> None:
    name, value = limit.split(" = ")
    ways: list[tuple[str, dict[str, str]]] = [
        (f"SELECT 1 SETTINGS {limit}", {}),
        (f"SELECT 1 SETTINGS profile = 'default', {limit}", {}),
        (f"SET {limit}", {}),
        ("SELECT 1", {name: value}),
        ("SELECT 1", {"profile": "default", name: value}),
    ]
    with front.http(READ_ONLY) as http:
        answers = [http.post("/", params=params, content=query) for query, params in ways]
    assert {answer.headers.get("X-ClickHouse-Exception-Code") for answer in answers} == {"452"}


def test_the_reader_may_lower_its_limits_for_one_query_of_a_session(front: Front) -> None:
    query = "SELECT getSetting('max_execution_time')"
    with front.http(READ_ONLY) as http:
        lower = {"session_id": "low", "max_execution_time": "5"}
        assert http.post("/", params=lower, content=query).text == "5\n"
        assert http.post("/", params={"session_id": "low"}, content=query).text == "600\n"


def test_the_reader_may_bring_data_of_its_own_to_a_query(reader: Client) -> None:
    wanted = ExternalData(file_name="wanted", data=b"1\n2\n", structure="n UInt64")
    query = "SELECT n FROM facts WHERE n IN wanted"
    assert reader.query(query, external_data=wanted).result_rows == [(1,)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [("CREATE USER joe", 514), ("CREATE ROLE r", 514), ("DROP USER hxi", 495)],
)
def test_users_and_roles_cannot_be_changed_and_that_is_an_error(
    http: httpx.Client, statement: str, code: int
) -> None:
    answer = http.post("/", content=statement)
    assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)


def test_making_sure_of_a_user_has_no_effect_and_the_log_says_so(
    front: Front, http: httpx.Client
) -> None:
    statement = "CREATE USER IF NOT EXISTS joe IDENTIFIED BY 'x'"
    assert http.post("/", content=statement).status_code == 200
    assert "CREATE USER IF NOT EXISTS has no effect here" in front.output
    with front.http(Login("joe", "x")) as joe:
        assert joe.post("/", content="SELECT 1").status_code == 403
