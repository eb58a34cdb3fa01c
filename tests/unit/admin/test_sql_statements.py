import pytest

from hxi.admin.sql_statements import Dialect, split

BOTH: tuple[Dialect, ...] = ("clickhouse", "postgres")


@pytest.mark.parametrize("dialect", BOTH)
def test_a_statement_ends_with_a_semicolon_at_a_lines_end(dialect: Dialect) -> None:
    text = "SELECT 1;\nSELECT 2; -- two\n\nSELECT\n  3;\r\nSELECT 4"
    assert split(text, dialect) == ["SELECT 1", "SELECT 2", "SELECT\n  3", "SELECT 4"]


@pytest.mark.parametrize("dialect", BOTH)
def test_a_semicolon_within_a_line_ends_nothing(dialect: Dialect) -> None:
    assert split("SELECT 1; SELECT 2;", dialect) == ["SELECT 1; SELECT 2"]


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "part", ["'a;\nb'", "'it''s;\n'", '"a;\nb"', "/* a;\n b */ 1", "1 -- a;\n + 1"]
)
def test_a_semicolon_in_text_names_or_comments_ends_nothing(dialect: Dialect, part: str) -> None:
    assert split(f"SELECT {part};\nSELECT 2;", dialect) == [f"SELECT {part}", "SELECT 2"]


@pytest.mark.parametrize(
    ("dialect", "part"),
    [
        ("clickhouse", r"'a\';" + "\n'"),
        ("clickhouse", "`a;\nb`"),
        ("postgres", r"E'a\';" + "\n'"),
        ("postgres", r"'C:\'"),
        ("postgres", "$$ BEGIN;\nEND;\n$$"),
        ("postgres", "$body$ a $$;\n$$ b;\n$body$"),
    ],
)
def test_each_engines_own_quotes_are_known(dialect: Dialect, part: str) -> None:
    assert split(f"SELECT {part};\nSELECT 2;\n", dialect) == [f"SELECT {part}", "SELECT 2"]


@pytest.mark.parametrize("dialect", BOTH)
def test_comments_alone_are_no_statement(dialect: Dialect) -> None:
    assert split("-- nothing here;\n/* nor;\nhere */\n", dialect) == []
    assert split("SELECT 1;\n-- the end\n", dialect) == ["SELECT 1"]
    assert split("'--';\n", dialect) == ["'--'"]
