"""Which sessions' documents must be written anew: `ops.derived_documents`, kept by ClickHouse.

Looked at are the sessions that were built by plans closed since documents were last written
(`freshness`), and those of the open plan once its marts are built. A session's documents are
written when the digest of the rows they are made of differs from what was written last, or when a
run began to write them and died. What is begun is recorded before MongoDB is touched and what is
written after, so every step may be repeated: each attempt has a version of its own, also of one
run.
"""

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clickhouse_connect.driver.client import Client

from orchestration.documents import collections, shapes
from orchestration.documents.collection import Derived
from orchestration.documents.sessions import few
from orchestration.plan.plan import built_since, sessions_of
from orchestration.stores.clients import integer

KEY = "project_id, session_id"
COLUMNS = f"collection, {KEY}, digest, is_begun, is_new, version"
NIL = "00000000-0000-0000-0000-000000000000"
ALL = f"SELECT {KEY} FROM gosight.sessions"


@dataclass(frozen=True)
class Standing:
    """Of a collection: the highest version recorded, and whether sessions built by plans that were
    served have their documents, in today's shape."""

    last: int = 0
    is_whole: bool = False

    def next_version(self, fence: int) -> int:
        """Of an attempt to write: even, and higher than what any attempt before it recorded.

        `finish` records the one after it.
        """
        return 2 * max(fence, self.last // 2 + 1)


def standings(client: Client) -> defaultdict[str, Standing]:
    """By name, of all collections in one statement."""
    rows = client.query(
        "SELECT collection, max(version),"
        f" argMaxIf(digest = {_shape()} AND NOT is_begun, version,"
        f" project_id = '' AND session_id = '{NIL}')"
        " FROM ops.derived_documents GROUP BY collection"
    ).result_rows
    return defaultdict(
        Standing, {str(name): Standing(int(last), bool(whole)) for name, last, whole in rows}
    )


@dataclass(frozen=True)
class Attempt:
    """To write a collection's documents, under a number of its own.

    Looked at are the sessions of the query `built` and, where there are any, those that have left
    the marts; `is_of_all`: all of the marts, and each is written where `is_full`.
    """

    derived: Derived
    version: int
    built: str
    is_of_all: bool = False
    is_full: bool = False
    has_gone: bool = False

    @property
    def looked_at(self) -> str:
        """A query of the sessions, some of them twice."""
        queries = [self.built]
        queries += [ALL] * self.is_of_all
        queries += [gone(self.derived)] * self.has_gone
        return " UNION ALL ".join(queries)


def attempts(
    client: Client,
    collections: Sequence[Derived],
    fence: int,
    served: int,
    *,
    full: bool,
    open_plan: int = 0,
) -> list[Attempt]:
    """The next one of each, by a run with this number; `served` as `freshness` says.

    `open_plan`: one whose marts are built; 0 for none.
    """
    known = standings(client)
    built = " UNION ALL ".join([built_since(served), *[sessions_of(open_plan)] * bool(open_plan)])
    if named := few(client, built):
        built = named.sessions
    left = _with_gone(client)
    return [
        Attempt(
            derived,
            known[derived.name].next_version(fence),
            built,
            is_of_all=full or not served or not known[derived.name].is_whole,
            is_full=full,
            has_gone=derived.name in left,
        )
        for derived in collections
    ]


def _with_gone(client: Client) -> set[str]:
    """Names of the collections that hold documents of sessions that have left the marts."""
    return {
        str(name)
        for (name,) in client.query(f"SELECT DISTINCT collection FROM ({_gone()})").result_rows
    }


@dataclass(frozen=True)
class Begun:
    """How many sessions are to be written; of them `rewritten` may have documents."""

    sessions: int
    rewritten: int


def begin(client: Client, attempts: Sequence[Attempt]) -> list[Begun]:
    """Record the sessions to write as begun: of all collections before MongoDB is touched.

    In one statement; one that looks at all sessions has its own, which bounds memory.
    """
    if not attempts:
        return []
    together = [one for one in attempts if not one.is_of_all]
    for some in (*([one] for one in attempts if one.is_of_all), together):
        if some:
            _insert(client, [row for one in some for row in to_begin(one)])
    counts = " UNION ALL ".join(
        f"SELECT {number} AS number, {place} AS place, count() FROM ({query})"
        for number, one in enumerate(attempts)
        for place, query in enumerate((begun(one), rewritten(one)))
    )
    found = sorted(tuple(row) for row in client.query(counts).result_rows)
    sizes = [int(n) for _, _, n in found]
    return [Begun(*sizes[at : at + 2]) for at in range(0, len(sizes), 2)]


def to_begin(one: Attempt) -> Iterator[str]:
    """Queries of the rows that say so."""
    derived = one.derived
    if one.is_of_all:
        yield f"SELECT {_whole(derived, one.version, is_begun=True)}"
    yield f"""
        SELECT '{derived.name}', looked_at.project_id, looked_at.session_id, made.digest, true,
            written.times = 0, {one.version}
        FROM (SELECT DISTINCT {KEY} FROM ({one.looked_at})) AS looked_at
        LEFT JOIN (
            SELECT {KEY}, bitXor(groupBitXor(sipHash64(tuple(*))), {_shape()}) AS digest
            FROM ({derived.query(f"({KEY}) IN ({one.looked_at})")})
            GROUP BY {KEY}) AS made USING ({KEY})
        LEFT JOIN (
            SELECT {KEY}, argMax(digest, version) AS digest, argMax(is_begun, version) AS begun,
                count() AS times
            FROM ops.derived_documents
            WHERE collection = '{derived.name}' AND ({KEY}) IN ({one.looked_at})
            GROUP BY {KEY}) AS written USING ({KEY})
        WHERE {one.is_full} OR made.digest != written.digest OR written.begun"""


def begun(one: Attempt) -> str:
    """A query of the sessions that `begin` recorded."""
    return (
        f"SELECT DISTINCT {KEY} FROM ops.derived_documents"
        f" WHERE collection = '{one.derived.name}' AND version = {one.version} AND project_id != ''"
    )


def rewritten(one: Attempt) -> str:
    """Those of them that may have documents already."""
    return f"{begun(one)} AND NOT is_new"


def gone(derived: Derived) -> str:
    """A query of sessions with documents that have left the marts: their time is over."""
    only = f"collection = '{derived.name}'"
    return f"SELECT {KEY} FROM ({_gone(only)})"


def _gone(only: str = "true") -> str:
    """Those of all collections, or of the rows for which `only` holds."""
    return (
        f"SELECT collection, {KEY} FROM ops.derived_documents"
        f" WHERE {only} AND project_id != '' AND ({KEY}) NOT IN ({ALL})"
        f" GROUP BY collection, {KEY}"
        " HAVING argMax(digest, version) != 0 OR argMax(is_begun, version)"
    )


def finish(client: Client, attempts: Iterable[Attempt]) -> None:
    """Record that MongoDB has the documents of all that was begun."""
    _insert(client, [row for one in attempts for row in _finished(one)])


def _finished(one: Attempt) -> Iterator[str]:
    yield (
        f"SELECT collection, {KEY}, digest, false, false, {one.version + 1}"
        " FROM ops.derived_documents"
        f" WHERE collection = '{one.derived.name}' AND version = {one.version} AND project_id != ''"
    )
    yield f"SELECT {_whole(one.derived, one.version + 1, is_begun=False)}"


def _insert(client: Client, queries: Sequence[str]) -> None:
    if queries:
        client.command(
            f"INSERT INTO ops.derived_documents ({COLUMNS}) {' UNION ALL '.join(queries)}"
        )


def forget(client: Client, derived: Derived) -> bool:
    """Record that MongoDB has none of its documents; whether it may have had any."""
    of_collection = f"FROM ops.derived_documents WHERE collection = '{derived.name}'"
    if not integer(client, f"SELECT count() {of_collection}"):
        return False
    client.command(f"DELETE {of_collection}")
    return True


def _whole(derived: Derived, version: int, *, is_begun: bool) -> str:
    return f"'{derived.name}', '', toUUID('{NIL}'), {_shape()}, {is_begun}, false, {version}"


@lru_cache(maxsize=1)
def _shape() -> int:
    """A hash of the code that makes documents of rows; comments count for nothing."""
    text = "".join(
        ast.dump(ast.parse(Path(str(module.__file__)).read_text()))
        for module in (collections, shapes)
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
