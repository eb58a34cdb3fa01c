import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from tests.integration.clickhouse_front.front_process import Front

FAILS_LATE = "SELECT throwIf(number = 3000000, 'too far') AS n FROM numbers(5000000)"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("SELEC 1", 400, 62),
        ("SELECT * FROM nobody", 404, 60),
        ("SELECT * FROM nowhere.nobody", 404, 81),
        ("SELECT nobody", 404, 47),
        ("SELECT nobody()", 404, 46),
        ("SELECT 1 SETTINGS nobody = 1", 404, 115),
        ("SELECT {nobody:String}", 400, 456),
        ("SELECT throwIf(1)", 500, 395),
        ("SELECT sum(number) FROM numbers(1e10) SETTINGS max_execution_time = 1", 408, 159),
        ("", 400, 62),
    ],
)
def test_an_error_has_its_code_and_status(
    http: httpx.Client, query: str, status: int, code: int
) -> None:
    answer = http.post("/", content=query)
    assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)
    assert answer.status_code == status
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version " in answer.text


def test_the_client_raises_with_the_message(client: Client) -> None:
    with pytest.raises(DatabaseError, match=r"UNKNOWN_TABLE.*nobody|nobody.*UNKNOWN_TABLE"):
        client.query("SELECT * FROM nobody")


def test_an_error_in_the_middle_of_arrow_raises(client: Client) -> None:
    with pytest.raises(Exception, match="too far"), client.query_arrow_stream(FAILS_LATE) as stream:
        list(stream)


@pytest.mark.parametrize("kind", ["lz4", "zstd", "gzip", False])
def test_an_error_in_the_middle_of_rows_raises(
    front: Front, database: str, kind: str | bool
) -> None:
    blocks: list[int] = []
    with (
        front.client(database=database, compress=kind) as client,
        pytest.raises(StreamFailureError, match="too far"),
        client.query_row_block_stream(FAILS_LATE) as stream,
    ):
        blocks.extend(len(block) for block in stream)
    assert 0 < sum(blocks) < 5_000_000


def test_an_error_in_the_middle_turns_into_a_status_when_the_client_waits_for_the_end(
    http: httpx.Client,
) -> None:
    answer = http.post("/", params={"wait_end_of_query": "1"}, content=FAILS_LATE)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "395")


def test_memory_is_bounded_for_each_query(client: Client) -> None:
    query = "SELECT groupArray(number) FROM numbers(100000000)"
    with pytest.raises(DatabaseError, match="MEMORY_LIMIT_EXCEEDED"):
        client.query(query, settings={"max_memory_usage": 100_000_000})


def test_the_front_lives_on_after_errors(client: Client) -> None:
    for _ in range(20):
        with pytest.raises(DatabaseError):
            client.query("SELECT * FROM nobody")
    assert client.query("SELECT 1").first_row == (1,)
