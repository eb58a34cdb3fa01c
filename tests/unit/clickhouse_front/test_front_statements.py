"""What the front reads out of SQL text before the engine sees it."""

import pytest

from stack.clickhouse.body import read_statement
from stack.clickhouse.statement import Kind, insert_with_data, whole
from stack.clickhouse.tokens import literal, quoted, tokens


def texts(sql: bytes) -> list[bytes]:
    return [token.text for token in tokens(sql)]


def test_strings_names_and_comments_are_one_token_each() -> None:
    sql = b"SELECT 'it''s \\' ;', `a``b`, \"c\" -- ;\n/* ; */ # ;\n, 1.5e3"
    assert texts(sql) == [
        *(b"SELECT", b"'it''s \\' ;'", b",", b"`a``b`", b",", b'"c"', b",", b"1.5e3"),
    ]


def test_a_here_document_is_a_string() -> None:
    assert [token.kind for token in tokens(b"$x$ it's; $x$")] == ["string"]


def test_depth_counts_brackets_of_every_kind() -> None:
    depths = {token.text: token.depth for token in tokens(b"a ( b [ c { d } ] ) e")}
    assert [depths[name] for name in (b"a", b"b", b"c", b"d", b"e")] == [0, 1, 2, 3, 0]


def test_quotes_within_a_literal_are_escaped() -> None:
    assert literal("it's \\") == r"'it\'s \\'"
    assert quoted("a`b") == r"`a\`b`"


@pytest.mark.parametrize(
    ("text", "head", "tail", "fmt", "data"),
    [
        (b"INSERT INTO t FORMAT TSV\n1\t2", b"INSERT INTO t ", b"", "TSV", b"1\t2"),
        (b"insert into t (a) values (1);", b"insert into t (a) ", b"", "Values", b" (1);"),
        (
            b"INSERT INTO t SETTINGS a='FORMAT x' FORMAT Native \r\n\n\x00",
            b"INSERT INTO t ",
            b"SETTINGS a='FORMAT x' ",
            "Native",
            b"\n\x00",
        ),
        (b"INSERT INTO values VALUES(1)", b"INSERT INTO values ", b"", "Values", b"(1)"),
        (b"INSERT INTO d.format FORMAT CSV 1", b"INSERT INTO d.format ", b"", "CSV", b"1"),
        (b"/* x */ INSERT INTO t (`values`) FORMAT CSV\n1", b"", b"", "CSV", b"1"),
        (
            b"WITH 1 AS x INSERT INTO t FORMAT CSV\n1",
            b"WITH 1 AS x INSERT INTO t ",
            b"",
            "CSV",
            b"1",
        ),
    ],
)
def test_an_insert_is_cut_where_its_data_begins(
    text: bytes, head: bytes, tail: bytes, fmt: str, data: bytes
) -> None:
    found = insert_with_data(text, is_complete=True)
    assert found is not None
    assert found.kind is Kind.INSERT_DATA
    assert found.format == fmt
    assert text[found.data_start :].lstrip(b" ") == data.lstrip(b" ")
    assert found.tail == tail
    if head:
        assert found.sql == head


@pytest.mark.parametrize(
    "text",
    [
        b"INSERT INTO t SELECT * FROM VALUES('a Int8', 1)",
        b"INSERT INTO t SELECT 1 FORMAT TSV",
        b"WITH insert AS (SELECT 13 AS x) SELECT x FROM insert",
        b"WITH 1 AS insert SELECT insert FORMAT CSV",
        b"SELECT 'INSERT INTO t FORMAT CSV'",
        b"EXPLAIN INSERT INTO t FORMAT CSV",
    ],
)
def test_a_statement_without_data_is_no_insert_with_data(text: bytes) -> None:
    assert insert_with_data(text, is_complete=True) is None


def test_data_behind_an_insert_from_input_is_found() -> None:
    text = b"INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV\n1"
    found = insert_with_data(text, is_complete=True)
    assert found is not None
    assert found.reads_input
    assert text[found.data_start :] == b"1"


def test_an_insert_cut_anywhere_gives_the_same_data() -> None:
    query = b"INSERT INTO t (a) FORMAT RowBinary\n"
    data = b"\n\x00 FORMAT CSV\n;'"
    text = query + data
    for cut in range(len(text)):
        chunks = iter([piece for piece in (text[:cut], text[cut:]) if piece])
        statement, rest = read_statement(b"", chunks)
        assert statement.format == "RowBinary"
        assert statement.sql == b"INSERT INTO t (a) "
        assert b"".join(rest) == data


def test_the_body_follows_the_url_query_on_a_new_line() -> None:
    statement, rest = read_statement(b"INSERT INTO t FORMAT CSV", iter([b"1\n", b"2\n"]))
    assert statement.format == "CSV"
    assert b"".join(rest) == b"1\n2\n"
    statement, _ = read_statement(b"SELECT 1 -- one", iter([b"+ 2"]))
    assert statement.sql == b"SELECT 1 -- one\n+ 2"


@pytest.mark.parametrize(
    ("text", "sql", "fmt", "tail"),
    [
        (b"SELECT 1 FORMAT JSON", b"SELECT 1 ", "JSON", b""),
        (b"SELECT 1 FORMAT CSV SETTINGS a=1;", b"SELECT 1 ", "CSV", b" SETTINGS a=1"),
        (b"SELECT 1 SETTINGS a=1 format TSV ; ;", b"SELECT 1 SETTINGS a=1 ", "TSV", b" "),
        (b"SELECT 'x FORMAT CSV'", b"SELECT 'x FORMAT CSV'", "", b""),
        (b"SELECT format('{}', 1) AS format", b"SELECT format('{}', 1) AS format", "", b""),
        (b"SELECT (SELECT 1 FORMAT CSV)", b"SELECT (SELECT 1 FORMAT CSV)", "", b""),
    ],
)
def test_the_format_clause_is_taken_off(text: bytes, sql: bytes, fmt: str, tail: bytes) -> None:
    statement = whole(text)
    assert (statement.sql, statement.format, statement.tail) == (sql, fmt, tail)


@pytest.mark.parametrize(
    ("text", "kind", "answers"),
    [
        (b"(SELECT 1)", Kind.SELECT, True),
        (b"WITH 1 AS x SELECT x", Kind.SELECT, True),
        (b"WITH insert AS (SELECT 1) SELECT * FROM insert", Kind.SELECT, True),
        (b"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", Kind.OTHER, False),
        (b"SHOW TABLES", Kind.OTHER, True),
        (b"CREATE TABLE t (a Int8) ENGINE = Memory", Kind.OTHER, False),
    ],
)
def test_the_first_word_says_how_to_run_it(text: bytes, kind: Kind, answers: bool) -> None:
    statement = whole(text)
    assert statement.kind is kind
    assert statement.answers is answers


def test_a_second_statement_totals_and_files_are_noticed() -> None:
    assert whole(b"SELECT 1; SELECT 2").has_many
    assert not whole(b"SELECT ';' -- ;\n;").has_many
    assert whole(b"SELECT a, count() FROM t GROUP BY a WITH TOTALS").has_totals
    assert whole(b"SELECT 1 INTO OUTFILE 'x'").names_file
    assert whole(b"INSERT INTO t FROM INFILE 'x'").names_file
