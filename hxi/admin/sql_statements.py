"""Cuts a migration's text into statements; pure."""

import re
from typing import Literal

Dialect = Literal["clickhouse", "postgres"]

LINE_COMMENT = r"--[^\n]*"
BLOCK_COMMENT = r"/\*.*?\*/"
QUOTED_NAME = r'"(?:[^"]|"")*"'
DOLLAR_QUOTE = r"\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$"
ESCAPED_STRING = r"'(?:[^'\\]|\\.|'')*'"
PLAIN_STRING = r"'(?:[^']|'')*'"
# What may hold a semicolon that ends nothing. ClickHouse reads \' in any string, PostgreSQL in E''.
OPAQUE: dict[Dialect, re.Pattern[str]] = {
    "clickhouse": re.compile(
        "|".join([LINE_COMMENT, BLOCK_COMMENT, ESCAPED_STRING, QUOTED_NAME, r"`[^`]*`"]), re.DOTALL
    ),
    "postgres": re.compile(
        "|".join(
            [
                LINE_COMMENT,
                BLOCK_COMMENT,
                rf"\b[eE]{ESCAPED_STRING}",
                PLAIN_STRING,
                QUOTED_NAME,
                DOLLAR_QUOTE,
            ]
        ),
        re.DOTALL,
    ),
}
# Only white space or a comment may follow on the line.
END = re.compile(r";[ \t]*(?:--[^\n]*)?(?:\r?\n|\Z)")


def split(text: str, dialect: Dialect) -> list[str]:
    """The statements in order, without their `;`; one that is only comments is left out."""
    opaque = OPAQUE[dialect]
    statements, start, at = [], 0, 0
    while at < len(text):
        if hidden := opaque.match(text, at):
            at = hidden.end()
        elif end := END.match(text, at):
            statements.append(text[start:at])
            start = at = end.end()
        else:
            at += 1
    statements.append(text[start:])
    return [kept for part in statements if (kept := part.strip()) and _says_something(kept, opaque)]


def _says_something(statement: str, opaque: re.Pattern[str]) -> bool:
    without = opaque.sub(lambda m: "" if m[0].startswith(("--", "/*")) else "x", statement)
    return bool(without.strip())
