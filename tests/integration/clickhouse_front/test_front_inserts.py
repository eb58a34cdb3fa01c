from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

ROWS = 200_000


@pytest.fixture
def table(client: Client) -> str:
    client.command(
        """CREATE TABLE t (n UInt64, s String, at DateTime64(3, 'UTC') DEFAULT 0)
           ENGINE = MergeTree ORDER BY n"""
    )
    return "t"


@pytest.fixture
def remembering(client: Client, table: str) -> str:
    """The same table, which knows the tokens of its latest blocks."""
    client.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 100")
    return table


def count(client: Client) -> int:
    return int(client.query("SELECT count() FROM t").result_rows[0][0])


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("TabSeparated", b"1\ta\n2\tb\n"),
        ("CSVWithNames", b"n,s\n1,a\n2,b\n"),
        ("JSONEachRow", b'{"n":1,"s":"a"}\n{"n":2,"s":"b"}\n'),
        ("Values", b"(1, 'a'), (2, 'b')"),
        ("RowBinary", b"\x01" + bytes(7) + b"\x01a\x02" + bytes(7) + b"\x01b"),
    ],
)
def test_rows_may_come_in_any_format(
    http: httpx.Client, client: Client, table: str, form: str, body: bytes
) -> None:
    head = f"INSERT INTO {table} (n, s) FORMAT {form}"
    in_the_body = http.post("/", content=head.encode() + b"\n" + body)
    in_the_address = http.post("/", params={"query": head}, content=body)
    assert (in_the_body.status_code, in_the_address.status_code) == (200, 200)
    rows = client.query(f"SELECT n, s, count() FROM {table} GROUP BY n, s ORDER BY n").result_rows
    assert rows == [(1, "a", 2), (2, "b", 2)]


def test_values_may_be_expressions_and_contain_the_word_format(
    http: httpx.Client, client: Client, table: str
) -> None:
    http.post("/", content=f"INSERT INTO {table} (n, s) VALUES (1 + 1, 'x FORMAT CSV; --')")
    assert client.query(f"SELECT n, s FROM {table}").result_rows == [(2, "x FORMAT CSV; --")]


def test_an_insert_may_select(client: Client, table: str) -> None:
    client.command(
        f"""INSERT INTO {table} (n, s)
            WITH source AS (SELECT number AS n, 'values' AS s FROM numbers(10))
            SELECT * FROM source"""
    )
    assert count(client) == 10


def test_arrow_keeps_rows_and_milliseconds(client: Client, table: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    times = [start + timedelta(milliseconds=n) for n in range(ROWS)]
    arrow = pa.table(
        {
            "n": pa.array(range(ROWS), pa.uint64()),
            "s": pa.array(["é"] * ROWS),
            "at": pa.array(times, pa.timestamp("ms", "UTC")),
        }
    )
    summary = client.insert_arrow(table, arrow)
    assert summary.written_rows == ROWS
    query = f"SELECT count(), uniqExact(s), min(at), max(at) FROM {table}"
    assert client.query(query).first_row == (ROWS, 1, times[0], times[-1])


def test_a_body_in_chunks_is_one_insert(http: httpx.Client, client: Client, table: str) -> None:
    def chunks() -> Iterator[bytes]:
        for start in range(0, ROWS, 1000):
            yield b"".join(b"%d\tx\n" % n for n in range(start, start + 1000))

    query = {"query": f"INSERT INTO {table} (n, s) FORMAT TSV"}
    answer = http.post("/", params=query, content=chunks())
    assert (answer.status_code, count(client)) == (200, ROWS)


def test_the_same_token_twice_inserts_once(client: Client, remembering: str) -> None:
    def insert(token: str) -> None:
        settings = {"insert_deduplication_token": token}
        client.insert(remembering, [[1, "a"], [2, "b"]], column_names=["n", "s"], settings=settings)

    insert("batch 1")
    insert("batch 1")
    assert count(client) == 2
    insert("it's batch 2")
    assert count(client) == 4


def test_the_same_token_twice_with_arrow_inserts_once(client: Client, remembering: str) -> None:
    arrow = pa.table({"n": pa.array([1, 2], pa.uint64()), "s": ["a", "b"]})
    for _ in range(2):
        client.insert_arrow(remembering, arrow, settings={"insert_deduplication_token": "block"})
    assert count(client) == 2


@pytest.mark.parametrize("bad", [b"oops\tx\n", b'{"n":'])
def test_a_broken_row_at_the_end_inserts_nothing(
    http: httpx.Client, client: Client, table: str, bad: bytes
) -> None:
    good = b"".join(b"%d\tx\n" % n for n in range(ROWS))
    query = {"query": f"INSERT INTO {table} (n, s) FORMAT TSV"}
    answer = http.post("/", params=query, content=good + bad)
    assert answer.status_code == 400
    assert count(client) == 0


def test_a_body_cut_off_inserts_nothing(client: Client, http: httpx.Client, table: str) -> None:
    class CutOffError(Exception):
        pass

    def half() -> Iterator[bytes]:
        yield b"".join(b"%d\tx\n" % n for n in range(1000))
        raise CutOffError

    query = {"query": f"INSERT INTO {table} (n, s) FORMAT TSV"}
    with pytest.raises(CutOffError):
        http.post("/", params=query, content=half())
    assert count(client) == 0


def test_a_wrong_column_is_an_error_with_its_name(client: Client, table: str) -> None:
    arrow = pa.table({"nobody": [1]})
    with pytest.raises(DatabaseError, match="nobody"):
        client.insert_arrow(table, arrow)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("ALTER TABLE t ADD CONSTRAINT small CHECK n < 2", 469),
        ("CREATE MATERIALIZED VIEW v ENGINE = Null AS SELECT throwIf(n = 2) FROM t", 395),
        ("ALTER TABLE t MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1", 252),
    ],
)
@pytest.mark.parametrize("form", ["Values", "TSV"])
def test_what_the_table_refuses_is_an_error(
    http: httpx.Client, client: Client, table: str, refusal: str, code: int, form: str
) -> None:
    client.command("SYSTEM STOP MERGES")
    client.insert(table, [[1, "before"]], column_names=["n", "s"])
    client.command(refusal)
    body = "(2, 'x')" if form == "Values" else "2\tx\n"
    answer = http.post("/", content=f"INSERT INTO {table} (n, s) FORMAT {form}\n{body}")
    client.command("SYSTEM START MERGES")
    assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)


def test_too_many_partitions_in_one_insert_are_an_error(client: Client) -> None:
    client.command(
        "CREATE TABLE days (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY tuple()"
    )
    with pytest.raises(DatabaseError, match="TOO_MANY_PARTS"):
        client.insert_arrow("days", pa.table({"day": pa.array(range(101), pa.uint16())}))
    client.insert_arrow("days", pa.table({"day": pa.array(range(100), pa.uint16())}))
    assert client.query("SELECT count() FROM days").first_row == (100,)
