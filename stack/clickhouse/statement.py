"""Finds in SQL text what the HTTP interface must know: its kind, its FORMAT, where data begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from stack.clickhouse.tokens import Token, tokens

SELECTS = {b"SELECT", b"WITH", b"FROM"}
ANSWERS = {b"SHOW", b"DESCRIBE", b"DESC", b"EXPLAIN", b"EXISTS", b"CHECK", b"KILL", b"BACKUP"}
BEFORE_TARGET = {b"INTO", b"TABLE", b"FUNCTION"}
DATA_BEGIN = re.compile(rb"[ \t\f]*+\r?\n?")


class Kind(Enum):
    """How a statement has to be run."""

    SELECT = "select"
    INSERT_DATA = "insert data"
    OTHER = "other"


@dataclass(frozen=True)
class Statement:
    """`sql` has neither the FORMAT clause nor data."""

    kind: Kind
    keyword: bytes
    sql: bytes
    words: tuple[bytes, ...] = ()  # the first three
    tail: bytes = b""  # SETTINGS after FORMAT; of an INSERT with data, all SETTINGS
    format: str = ""
    data_start: int = -1  # offset into the text given; INSERT_DATA only
    has_many: bool = False
    has_totals: bool = False
    reads_input: bool = False  # INSERT SELECT FROM input(), with data behind it
    names_file: bool = False  # INTO OUTFILE or FROM INFILE, which are the client's business

    @property
    def text(self) -> bytes:
        """Without FORMAT, as the engine takes it when the format is an argument."""
        return self.sql + b"\n" + self.tail if self.tail.strip() else self.sql

    @property
    def answers(self) -> bool:
        """Whether it has a result, be it of no rows."""
        return self.kind is Kind.SELECT or self.keyword in ANSWERS


def begins_insert(text: bytes) -> bool:
    """Whether data may follow in the same text; WITH is counted in, as an INSERT may follow it."""
    first = next(tokens(text), None)
    return first is None or first.keyword in {b"INSERT", b"WITH"}


def insert_with_data(text: bytes, *, is_complete: bool) -> Statement | None:
    """The INSERT whose data begins within `text`; None when not so, or when more must be read."""
    walk = tokens(text)
    if not _reach_insert(walk):
        return None
    is_select = reads_input = False
    settings = -1
    for token in _after_target(walk):
        if token.keyword == b"INPUT":
            reads_input = True
        elif token.depth > 0:
            continue
        elif token.keyword == b"SELECT":
            is_select = True
        elif token.keyword == b"SETTINGS":
            settings = token.start
        elif token.keyword == b"VALUES" and not is_select:
            found = _with_data(text, token, token.end, "Values", is_complete=is_complete)
            return _settings_apart(found, settings)
        elif token.keyword == b"FORMAT" and (reads_input or not is_select):
            found = _with_format(text, token, next(walk, None), is_complete=is_complete)
            if found and is_select:
                return replace(found, reads_input=True)
            return _settings_apart(found, settings)
    return None


def whole(text: bytes) -> Statement:
    """Any statement but an INSERT with data; `text` is all of it."""
    found = list(tokens(text))
    while found and found[-1].text == b";":
        text = text[: found.pop().start]
    if not found:
        return Statement(Kind.OTHER, b"", b"")
    keyword = _keyword(found)
    kind = Kind.SELECT if keyword in SELECTS else Kind.OTHER
    at = _format_at(found)
    sql, tail, name = text, b"", ""
    if at is not None:
        name = found[at + 1].text.decode()
        sql, tail = text[: found[at].start], text[found[at + 1].end :]
    pairs = {(one.keyword, two.keyword) for one, two in pairwise(found)}
    return Statement(
        kind=kind,
        keyword=keyword,
        sql=sql,
        words=tuple(token.keyword for token in found[:3]),
        tail=tail,
        format=name,
        has_many=any(token.text == b";" for token in found),
        has_totals=(b"WITH", b"TOTALS") in pairs,
        names_file=bool({(b"INTO", b"OUTFILE"), (b"FROM", b"INFILE")} & pairs),
    )


def _reach_insert(walk: Iterator[Token]) -> bool:
    """Up to INSERT, or behind WITH up to INSERT INTO."""
    first = next(walk, None)
    if first is None or first.keyword != b"WITH":
        return first is not None and first.keyword == b"INSERT"
    previous = first
    for token in walk:
        if _is_main(previous, token):
            return token.keyword == b"INTO"
        previous = token
    return False


def _is_main(previous: Token, token: Token) -> bool:
    """SELECT or INSERT INTO behind the WITH clause; a CTE may be called insert."""
    if token.depth:
        return False
    is_insert = previous.keyword == b"INSERT" and token.keyword == b"INTO"
    return is_insert or token.keyword == b"SELECT"


def _after_target(walk: Iterator[Token]) -> Iterator[Token]:
    """Without the table's name, which may be a keyword, and names behind a dot."""
    has_target = False
    previous = b""
    for token in walk:
        if not has_target:
            has_target = token.keyword not in BEFORE_TARGET
        elif previous != b".":
            yield token
        previous = token.text


def _settings_apart(found: Statement | None, start: int) -> Statement | None:
    if found is None or start < 0:
        return found
    return replace(found, sql=found.sql[:start], tail=found.sql[start:])


def _with_format(
    text: bytes, token: Token, name: Token | None, *, is_complete: bool
) -> Statement | None:
    if name is None or name.kind != "word":
        return None
    return _with_data(text, token, name.end, name.text.decode(), is_complete=is_complete)


def _with_data(
    text: bytes, clause: Token, end: int, name: str, *, is_complete: bool
) -> Statement | None:
    data = DATA_BEGIN.match(text, end)
    if not is_complete and (data is None or data.end() == len(text)):
        return None  # the name or the space behind it may go on
    return Statement(
        kind=Kind.INSERT_DATA,
        keyword=b"INSERT",
        sql=text[: clause.start],
        format=name,
        data_start=data.end() if data else end,
    )


def _keyword(found: list[Token]) -> bytes:
    """The first word; of WITH, the statement it belongs to."""
    first = next((token.keyword for token in found if token.text != b"("), b"")
    if first == b"WITH":
        main = next((two for one, two in pairwise(found) if _is_main(one, two)), None)
        return b"INSERT" if main and main.keyword == b"INTO" else b"SELECT"
    return first


def _format_at(found: list[Token]) -> int | None:
    """Where `FORMAT name` ends the statement, but for SETTINGS behind it."""
    for at in range(len(found) - 2, -1, -1):
        if found[at].keyword == b"FORMAT" and found[at].depth == 0:
            is_last = at + 2 == len(found) or found[at + 2].keyword == b"SETTINGS"
            if found[at + 1].kind == "word" and is_last:
                return at
    return None
