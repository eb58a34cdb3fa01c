import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPResponse
from typing import Any
from uuid import UUID

import httpx
import pytest
from clickhouse_connect import common
from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.external import ExternalData

from tests.integration.clickhouse_front.front_process import PASSWORD, USER, Front
from tests.integration.clickhouse_front.processes import running, wait_running

ROWS = 300_000  # several blocks


def test_every_type_the_warehouse_uses_comes_back_as_it_went_in(client: Client) -> None:
    client.command(
        """CREATE TABLE kinds (
            id UUID, at DateTime64(3, 'UTC'), name LowCardinality(Nullable(String)),
            tags Map(String, String), xs Array(Int32), rate Decimal(12, 4), ok Bool,
            size UInt64, score Nullable(Float64), day Date, status Enum8('open' = 1, 'done' = 2)
        ) ENGINE = MergeTree ORDER BY id"""
    )
    at = datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC)
    rows: list[list[Any]] = [
        [
            *(UUID(int=1), at, None, {}, [], Decimal("-1.5000"), False),
            *(0, None, at.date(), "open"),
        ],
        [
            *(UUID(int=2), at, "naïve 'q'", {"a\tb": "c\\d"}, [-1, 2], Decimal("0.0001"), True),
            *(2**64 - 1, 0.1, at.date(), "done"),
        ],
    ]
    client.insert("kinds", rows)
    result = client.query("SELECT * FROM kinds ORDER BY toString(id)").result_rows
    assert [list(row) for row in result] == rows


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("TabSeparated", b"0\ta\n1\ta\n"),
        ("TSVWithNames", b"n\tt\n0\ta\n1\ta\n"),
        ("CSV", b'0,"a"\n1,"a"\n'),
        ("CSVWithNames", b'"n","t"\n0,"a"\n1,"a"\n'),
        ("JSONEachRow", b'{"n":0,"t":"a"}\n{"n":1,"t":"a"}\n'),
        ("Values", b"(0,'a'),(1,'a')"),
        ("RowBinary", b"\x00\x01a\x01\x01a"),
    ],
)
def test_a_format_in_the_query_is_obeyed(http: httpx.Client, form: str, body: bytes) -> None:
    query = "SELECT toUInt8(number) AS n, 'a' AS t FROM numbers(2)"
    answer = http.post("/", content=f"{query} FORMAT {form}")
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["X-ClickHouse-Format"] in (form, f"TabSeparated{form[3:]}")
    assert http.post("/", params={"default_format": form}, content=query).content == body


def test_json_of_many_blocks_is_one_document(http: httpx.Client) -> None:
    answer = http.post("/", content=f"SELECT number FROM numbers({ROWS}) FORMAT JSONCompact")
    assert len(json.loads(answer.content)["data"]) == ROWS


@pytest.mark.parametrize("streamed", [False, True])
def test_arrow_reads_every_row(client: Client, streamed: bool) -> None:
    query = f"SELECT number AS n, toString(number) AS t FROM numbers({ROWS})"
    if streamed:
        with client.query_arrow_stream(query) as stream:
            tables = list(stream)
    else:
        tables = [client.query_arrow(query)]
    assert sum(table.num_rows for table in tables) == ROWS
    assert sum(sum(table["n"].to_pylist()) for table in tables) == ROWS * (ROWS - 1) // 2


def test_a_result_without_rows_still_has_its_columns(client: Client) -> None:
    query = "SELECT number AS n, 'a' AS t FROM numbers(0)"
    assert client.query_arrow(query).column_names == ["n", "t"]
    assert client.query(query).result_rows == []


@pytest.mark.parametrize("text", ["it's", 'a "quote"', "back\\slash", "tab\tline\n", "%20&=+ü", ""])
def test_a_text_parameter_arrives_as_it_is(client: Client, text: str) -> None:
    rows = client.query("SELECT {text:String}, length({text:String})", {"text": text}).result_rows
    assert rows == [(text, len(text.encode()))]


@pytest.fixture
def dicts_as_maps() -> Iterator[None]:
    """By default the client sends a dict as JSON text, which no Map takes."""
    before = common.get_setting("dict_parameter_format")
    common.set_setting("dict_parameter_format", "map")
    yield
    common.set_setting("dict_parameter_format", before)


@pytest.mark.usefixtures("dicts_as_maps")
def test_parameters_may_be_maps_arrays_identifiers_and_times(client: Client) -> None:
    at = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    query = """SELECT {map:Map(String, String)}, {list:Array(String)}, {at:DateTime64(3, 'UTC')},
               {none:Nullable(String)} FROM system.{table:Identifier}"""
    values = {
        "map": {"it's": 'a "b"'},
        "list": ["x'y", "z"],
        "at": at,
        "none": None,
        "table": "one",
    }
    assert client.query(query, values).result_rows == [
        ({"it's": 'a "b"'}, ["x'y", "z"], at, None),
    ]


def test_thousands_of_ids_fit_into_the_address_up_to_a_megabyte(front: Front) -> None:
    query = "SELECT uniqExact(arrayJoin({ids:Array(UUID)}))"
    ids = [UUID(int=number) for number in range(20_000)]
    status, body = answer(front.ask(query, param_ids=f"[{','.join(map(repr_id, ids))}]"))
    assert (status, body) == (200, b"20000\n")
    status, _ = answer(front.ask(query, param_ids="x" * (1 << 20)))
    assert status == 400


def repr_id(uuid: UUID) -> str:
    return f"'{uuid}'"


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and whole body."""
    with connection, HTTPResponse(connection) as response:
        response.begin()
        return response.status, response.read()


def test_a_setting_holds_for_its_query_alone(client: Client) -> None:
    query = "SELECT getSetting('max_threads')"
    before = client.query(query).result_rows[0][0]
    assert client.query(query, settings={"max_threads": 7}).result_rows[0][0] == 7
    assert client.query(query).result_rows[0][0] == before


def test_the_engine_lives_in_utc(client: Client) -> None:
    query = "SELECT toString(toDateTime(0)), toDateTime(0), timezone() IN ('UTC', 'Etc/UTC')"
    assert client.query(query).first_row == (
        "1970-01-01 00:00:00",
        datetime(1970, 1, 1, tzinfo=UTC),
        True,
    )


def test_external_data_can_be_joined(client: Client) -> None:
    wanted = ExternalData(
        file_name="wanted", data=b"1\tone\n3\tthree\n", structure="id UInt64, name String"
    )
    query = "SELECT number, name FROM numbers(5) AS n JOIN wanted ON number = id ORDER BY number"
    assert client.query(query, external_data=wanted).result_rows == [(1, "one"), (3, "three")]


@pytest.mark.parametrize("kind", ["lz4", "zstd", "gzip", "br"])
def test_compression_works_both_ways(front: Front, database: str, kind: str) -> None:
    with front.client(database=database, compress=kind) as client:
        client.command("CREATE TABLE wide (n UInt32, t String) ENGINE = MergeTree ORDER BY n")
        rows = [(n, "x" * (n % 50)) for n in range(20_000)]
        client.insert("wide", rows)
        assert client.query("SELECT * FROM wide ORDER BY n").result_rows == rows


def test_several_statements_in_one_request_are_refused(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT 1; SELECT 2")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "62")


def test_queries_run_in_parallel_and_slow_ones_block_nobody(front: Front, client: Client) -> None:
    slow = "/* slow */ SELECT sleepEachRow(1) FROM numbers(1000) SETTINGS max_block_size = 1"
    with front.ask(slow), front.ask(slow), front.ask(slow), ThreadPoolExecutor(8) as pool:
        wait_running(client, "/* slow */", 3)
        quick = pool.map(lambda n: client.query(f"SELECT {n}").result_rows[0][0], range(200))
        assert list(quick) == list(range(200))
        assert running(client, "/* slow */") == 3
    wait_running(client, "/* slow */", 0)


def test_a_dictionary_logs_in_as_the_owner(client: Client, database: str) -> None:
    client.command("CREATE TABLE names (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
    client.insert("names", [[7, "seven"]])
    source = f"USER '{USER}' PASSWORD {format_str(PASSWORD)} DB '{database}' TABLE 'names'"
    client.command(
        f"""CREATE DICTIONARY named (id UInt64, name String) PRIMARY KEY id
            SOURCE(CLICKHOUSE({source})) LIFETIME(0) LAYOUT(FLAT())"""
    )
    query = "SELECT dictGet({name:String}, 'name', 7)"
    assert client.query(query, {"name": f"{database}.named"}).first_row == ("seven",)
