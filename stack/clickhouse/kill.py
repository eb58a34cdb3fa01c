"""KILL QUERY by the query ids clients know; the engine has ids of its own."""

from collections.abc import Mapping

from stack.clickhouse.engine import Connection, Engine
from stack.clickhouse.tokens import literal, tokens


def with_engine_ids(sql: bytes, marks: Mapping[str, str], connection: Connection) -> bytes:
    """The statement with each literal that is a running request's query id replaced.

    `marks`: by query id, of what is running. A request may have no query in the engine yet; its
    literal stays, and matches nothing.
    """
    parts, done = [], 0
    for token in tokens(sql):
        if token.kind != "string":
            continue
        mark = marks.get(token.text[1:-1].decode("utf-8", "surrogateescape"))
        ids = Engine.query_ids(connection, mark) if mark else []
        if ids:
            parts += [sql[done : token.start], literal(ids[0]).encode()]
            done = token.end
    return b"".join([*parts, sql[done:]])
