"""What read-only users and GET requests are refused before the engine is asked."""

from typing import cast

import pytest

from stack.clickhouse.engine import Connection
from stack.clickhouse.errors import QueryError
from stack.clickhouse.guard import check, check_reader, check_request
from stack.clickhouse.request import parse
from stack.clickhouse.statement import whole


class Classifier:
    """Stands for a connection: says of every statement what it was told."""

    def __init__(self, *, writes: bool) -> None:
        self._writes = writes

    def writes(self, _sql: bytes) -> bool:
        return self._writes


READS = cast("Connection", Classifier(writes=False))
WRITES = cast("Connection", Classifier(writes=True))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('/etc/passwd')",
        "SELECT FILE /* x */ ('/etc/passwd')",
        "SELECT `file`('/etc/passwd')",
        r"SELECT `fil\x65`('/etc/passwd')",
        "SELECT * FROM Python(os)",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT aiGenerate('x')",
        "SELECT \u2018'\u2019, file('/etc/passwd'), \u2018'\u2019",
        "SELECT file\u00a0('/etc/passwd')",
        "SELECT $a$ ' $a$, file('/etc/passwd'), '",
        "SET ROLE owner",
        "SET DEFAULT ROLE owner TO default",
        "SET dialect = 'prql'",
    ],
)
def test_a_reader_does_not_reach_outside(sql: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_reader(READS, whole(sql.encode()))
    assert caught.value.code in {62, 164, 497}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'file(' AS file, count() FROM t WHERE name = 'k\u00e4se' -- caf\u00e9",
        "SELECT * FROM profile(1)",
        "SET max_threads = 1",
        "USE gosight",
    ],
)
def test_a_reader_may_read_and_set(sql: str) -> None:
    check_reader(READS, whole(sql.encode()))


def test_a_reader_may_not_write() -> None:
    with pytest.raises(QueryError) as caught:
        check_reader(WRITES, whole(b"DROP TABLE t"))
    assert caught.value.code == 164


def test_only_a_post_may_write() -> None:
    statement = whole(b"CREATE TABLE t (a Int8) ENGINE = Memory")
    check_request(WRITES, parse("POST", "/", b"", []), statement)
    for method, query in (("GET", b""), ("POST", b"readonly=1")):
        with pytest.raises(QueryError) as caught:
            check_request(WRITES, parse(method, "/", query, []), statement)
        assert caught.value.code == 164


@pytest.mark.parametrize(
    ("sql", "code"),
    [(b" -- \n", 62), (b"SELECT 1; SELECT 2", 62), (b"SELECT 1 INTO OUTFILE 'x'", 48)],
)
def test_nobody_may_send_nothing_two_statements_or_names_of_files(sql: bytes, code: int) -> None:
    with pytest.raises(QueryError) as caught:
        check(whole(sql), {})
    assert caught.value.code == code


def test_another_language_than_sql_is_refused() -> None:
    with pytest.raises(QueryError, match="dialect"):
        check(whole(b"from t"), {"dialect": "prql"})
