import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.clickhouse_front.front_process import Front
from tests.integration.clickhouse_front.processes import wait_running

GONE_SECONDS = 3


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("aggregation", "SELECT max(sipHash64(number)) FROM numbers(1000000000000)"),
        ("rows", "SELECT number FROM numbers(1000000000000) FORMAT Native"),
        ("one document", "SELECT number FROM numbers(1000000000000) FORMAT JSON"),
    ],
)
def test_a_query_ends_when_its_client_goes_away(
    front: Front, client: Client, database: str, name: str, query: str
) -> None:
    mark = f"/* left alone: {name} */"
    with front.ask(f"{mark} {query}", database=database):
        wait_running(client, mark)
    assert wait_running(client, mark, 0) < GONE_SECONDS


def test_kill_query_finds_a_query_by_the_id_its_client_gave(front: Front, client: Client) -> None:
    mark = "/* to be killed */"
    query = f"{mark} SELECT max(sipHash64(number)) FROM numbers(1000000000000)"
    with front.ask(query, query_id="mine-1") as connection:
        wait_running(client, mark)
        client.command("KILL QUERY WHERE query_id = 'mine-1' ASYNC")
        wait_running(client, mark, 0)
        assert b"x-clickhouse-query-id: mine-1" in connection.recv(65536).lower()


def test_an_insert_goes_on_when_its_client_goes_away(
    front: Front, client: Client, database: str
) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    mark = "/* left, to be done */"
    rows = "SELECT number + sleepEachRow(0.2) FROM numbers(5) SETTINGS max_block_size = 1"
    with front.ask(f"{mark} INSERT INTO t {rows}", database=database):
        wait_running(client, mark)
    wait_running(client, mark, 0)
    assert client.query("SELECT count() FROM t").first_row == (5,)
