"""Cuts SQL text into tokens; bytes, because a statement may be followed by binary data."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    rb"""
    (?P<skip>\s++|--[^\n]*+|\#[ !][^\n]*+|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]++|\\.|'')*+'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<quoted>`(?:[^`\\]++|\\.|``)*+`|"(?:[^"\\]++|\\.|"")*+")
  | (?P<word>[A-Za-z_][\w$]*+)
  | (?P<number>[0-9][\w.]*+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One token; `kind` is string, quoted, word, number or other (one byte)."""

    kind: str
    text: bytes
    start: int
    end: int
    depth: int  # of parentheses, brackets and braces around it

    @property
    def keyword(self) -> bytes:
        """Upper case for an unquoted word, else empty."""
        return self.text.upper() if self.kind == "word" else b""


def tokens(sql: bytes) -> Iterator[Token]:
    """Lazily, spaces and comments left out; an unclosed string falls apart into `other`."""
    depth = 0
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup or "other"
        if kind == "skip":
            continue
        text = match[0]
        if text in b")]}" and kind == "other":
            depth = max(0, depth - 1)
        yield Token(kind, text, match.start(), match.end(), depth)
        if text in b"([{" and kind == "other":
            depth += 1


def literal(text: str) -> str:
    """A string literal of ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """An identifier of ClickHouse."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
