"""Which sessions' documents must be written anew: `ops.derived_documents`, kept by ClickHouse.

A session's documents are written when the digest of the rows they are made of differs from what
was written last, or when a run began to write them and died. What is begun is recorded before
MongoDB is touched and what is written after, so every step may be repeated: each attempt has a
version of its own, also of one plan.
"""

import ast
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clickhouse_connect.driver.client import Client

from orchestration.documents import collections, shapes
from orchestration.documents.collection import Derived
from orchestration.plan.plan import Plan
from orchestration.stores.clients import integer

KEY = "project_id, session_id"
COLUMNS = f"collection, {KEY}, digest, is_begun, is_new, version"
NIL = "00000000-0000-0000-0000-000000000000"
PLANNED = f"SELECT {KEY} FROM ops.planned_sessions"
ALL = f"SELECT {KEY} FROM gosight.sessions"


@dataclass(frozen=True)
class Standing:
    """Of a collection: the highest version recorded, and whether sessions outside a plan have
    their documents, in today's shape."""

    last: int = 0
    is_whole: bool = False

    def next_version(self, plan: Plan) -> int:
        """Of an attempt to write: even, and higher than what any attempt before it recorded.

        `finish` records the one after it.
        """
        return 2 * max(plan.plan_id, self.last // 2 + 1)


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
class Begun:
    """How many sessions are to be written: of them `rewritten` may have documents; `gone` left."""

    sessions: int
    rewritten: int
    gone: int


def begin(client: Client, derived: Derived, version: int, *, full: bool, is_of_all: bool) -> Begun:
    """Record the sessions to write as begun.

    Looked at are the planned ones and those that have left the marts; with `is_of_all` all of the
    marts: `full`, which begins every one of them, needs it, and a collection that is not whole.
    """
    if is_of_all:
        _mark(client, derived, version, is_begun=True)
    looked_at = f"{PLANNED} UNION DISTINCT {ALL}" if is_of_all else PLANNED
    client.command(
        f"""
        INSERT INTO ops.derived_documents ({COLUMNS})
        WITH
            looked_at AS (
                SELECT DISTINCT {KEY} FROM ({looked_at} UNION DISTINCT {gone(derived)})),
            made AS (
                SELECT {KEY}, bitXor(groupBitXor(sipHash64(tuple(*))), {_shape()}) AS digest
                FROM ({derived.query(f"({KEY}) IN (SELECT {KEY} FROM looked_at)")})
                GROUP BY {KEY}),
            written AS (
                SELECT {KEY}, argMax(digest, version) AS digest, argMax(is_begun, version) AS begun,
                    count() AS times
                FROM ops.derived_documents
                WHERE collection = '{derived.name}'
                GROUP BY {KEY})
        SELECT '{derived.name}', looked_at.project_id, looked_at.session_id, made.digest, true,
            written.times = 0, {version}
        FROM looked_at
        LEFT JOIN made USING ({KEY})
        LEFT JOIN written USING ({KEY})
        WHERE {full} OR made.digest != written.digest OR written.begun
        """
    )
    counts = " UNION ALL ".join(
        f"SELECT {place}, count() FROM ({query})"
        for place, query in enumerate(
            (begun(derived, version), rewritten(derived, version), gone(derived))
        )
    )
    found = sorted((int(place), int(n)) for place, n in client.query(counts).result_rows)
    return Begun(*(n for _, n in found))


def begun(derived: Derived, version: int) -> str:
    """A query of the sessions that `begin` recorded."""
    return (
        f"SELECT DISTINCT {KEY} FROM ops.derived_documents"
        f" WHERE collection = '{derived.name}' AND version = {version} AND project_id != ''"
    )


def rewritten(derived: Derived, version: int) -> str:
    """Those of them that may have documents already."""
    return f"{begun(derived, version)} AND NOT is_new"


def gone(derived: Derived) -> str:
    """A query of sessions with documents that have left the marts: their time is over."""
    return (
        f"SELECT {KEY} FROM (SELECT {KEY}, argMax(digest, version) AS digest,"
        " argMax(is_begun, version) AS begun FROM ops.derived_documents"
        f" WHERE collection = '{derived.name}' AND project_id != '' GROUP BY {KEY})"
        f" WHERE (digest != 0 OR begun) AND ({KEY}) NOT IN ({ALL})"
    )


def finish(client: Client, derived: Derived, version: int) -> None:
    """Record that MongoDB has the documents of all that was begun."""
    client.command(
        f"INSERT INTO ops.derived_documents ({COLUMNS})"
        f" SELECT collection, {KEY}, digest, false, false, {version + 1} FROM ops.derived_documents"
        f" WHERE collection = '{derived.name}' AND version = {version} AND project_id != ''"
        f" UNION ALL SELECT {_whole(derived, version + 1, is_begun=False)}"
    )


def forget(client: Client, derived: Derived) -> bool:
    """Record that MongoDB has none of its documents; whether it may have had any."""
    of_collection = f"FROM ops.derived_documents WHERE collection = '{derived.name}'"
    if not integer(client, f"SELECT count() {of_collection}"):
        return False
    client.command(f"DELETE {of_collection}")
    return True


def _mark(client: Client, derived: Derived, version: int, *, is_begun: bool) -> None:
    """Say of the collection as a whole whether every session has its documents."""
    client.command(
        f"INSERT INTO ops.derived_documents ({COLUMNS})"
        f" SELECT {_whole(derived, version, is_begun=is_begun)}"
    )


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
