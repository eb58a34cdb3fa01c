"""Requests, forms, users and errors, as ClickHouse's HTTP interface has them."""

import base64

import pytest

from stack.clickhouse.auth import User, authenticate
from stack.clickhouse.errors import QueryError, exception_block, from_engine
from stack.clickhouse.external import external_tables
from stack.clickhouse.multipart import boundary_of, parse_form
from stack.clickhouse.request import parse

USERS = [User("hxi", "pw"), User("reader", "r:w", is_readonly=True)]


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_parameters_settings_and_the_interfaces_own_names_are_told_apart() -> None:
    request = parse("POST", "/", b"query=SELECT+1&param_x=it%27s&max_threads=1&database=d", [])
    assert request.parameters == {"x": "it's"}
    assert request.settings() == {"max_threads": "1"}
    assert request.database == "d"
    assert request.default_format == "TabSeparated"


def test_an_address_with_a_database_is_posted_to_as_it_is() -> None:
    request = parse("POST", "/gosight", b"max_threads=1", [])
    assert (request.path, request.database) == ("/", "gosight")
    assert parse("POST", "/gosight/", b"database=other", []).database == "other"
    assert {parse("GET", path, b"", []).path for path in ("/ping", "/a/b")} == {"/ping", "/a/b"}


def test_bytes_that_are_no_text_come_through_unchanged() -> None:
    request = parse("POST", "/", b"query=%ff%00", [])
    assert request.params["query"].encode("utf-8", "surrogateescape") == b"\xff\x00"


def test_a_request_without_a_query_id_gets_one_of_its_own() -> None:
    first, second = (parse("GET", "/", b"", []).query_id for _ in range(2))
    assert first != second
    assert parse("GET", "/", b"query_id=mine", []).query_id == "mine"


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        (basic("reader:r:w"), {}),
        ({"x-clickhouse-user": "reader", "x-clickhouse-key": "r:w"}, {}),
        ({}, {"user": "reader", "password": "r:w"}),
    ],
)
def test_a_user_is_let_in_by_headers_or_url(
    headers: dict[str, str], params: dict[str, str]
) -> None:
    assert authenticate(USERS, headers, params) == USERS[1]


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({}, {}),
        (basic("hxi:wrong"), {}),
        (basic("nobody:pw"), {"user": "hxi", "password": "pw"}),
        ({"authorization": "Basic %%%"}, {}),
    ],
)
def test_everybody_else_gets_516_and_403(headers: dict[str, str], params: dict[str, str]) -> None:
    with pytest.raises(QueryError) as caught:
        authenticate(USERS, headers, params)
    assert (caught.value.code, caught.value.status) == (516, 403)


@pytest.mark.parametrize(
    ("code", "status"),
    [(62, 400), (60, 404), (81, 404), (115, 404), (159, 408), (164, 403), (497, 403), (241, 500)],
)
def test_a_code_has_the_status_of_the_server(code: int, status: int) -> None:
    error = from_engine(RuntimeError(f"Code: {code}. DB::Exception: x. (Y)"))
    assert (error.code, error.status) == (code, status)


def test_an_error_ends_with_the_version() -> None:
    error = from_engine(RuntimeError("Insert failed: Code: 27. DB::Exception: Cannot parse. (X)"))
    assert error.body("1.2") == (
        b"Code: 27. DB::Exception: Cannot parse. (X) (version 1.2 (official build))\n"
    )


def test_an_exception_block_says_its_length_between_its_marks() -> None:
    assert exception_block(b"Code: 1.\n", "tag") == (
        b"\r\n__exception__\r\ntag\r\nCode: 1.\n9 tag\r\n__exception__\r\n"
    )


FORM = (
    b'--B\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n'
    b'--B\r\ncontent-disposition: form-data; name="t"; filename="t.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n1,a\r\n--\r\n2,b\r\n--B--\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_form_has_fields_and_files(size: int) -> None:
    boundary = boundary_of("multipart/form-data; boundary=B")
    form = parse_form(boundary, (FORM[at : at + size] for at in range(0, len(FORM), size)))
    assert form.fields == {"query": "SELECT 1"}
    assert form.files == {"t": b"1,a\r\n--\r\n2,b"}


def test_a_body_of_another_type_is_no_form() -> None:
    assert boundary_of("application/x-www-form-urlencoded") == b""
    assert boundary_of("") == b""


def test_a_broken_form_is_refused() -> None:
    with pytest.raises(QueryError, match="multipart"):
        parse_form(b"B", iter([b"SELECT 1"]))


def test_columns_of_an_external_table_come_from_names_or_types() -> None:
    params = {"t_structure": "a Int8", "t_format": "CSV", "u_types": "Int8, Map(String, Int8)"}
    first, second = external_tables({"t": b"1", "u": b"2"}, params)
    assert (first.structure, first.format) == ("a Int8", "CSV")
    assert (second.structure, second.format) == ("_1 Int8, _2 Map(String, Int8)", "TabSeparated")
    with pytest.raises(QueryError, match="t_structure nor t_types"):
        external_tables({"t": b"1"}, {})
