"""Compares MongoDB, raw and the ledger, and lands again from MongoDB what raw lacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event
from pymongo import MongoClient

from ingest.decode.documents import Document, from_event_document, from_replay_document
from ingest.landing.items import Item, item_of
from ingest.landing.landing import add_to_index, insert_rows
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.interface import Kind
from ingest.sinks.mongodb import COLLECTION, document_id, translated
from orchestration.raw.difference import differences

# Documents held in memory at once.
BLOCK = {Kind.EVENTS: 5_000, Kind.REPLAY: 250}
_FROM_DOCUMENT = {Kind.EVENTS: from_event_document, Kind.REPLAY: from_replay_document}


@dataclass
class Reconciled:
    """Counts of events and replay payloads together.

    missing = relanded + erased + expired + refused. `surplus`: rows of raw without a document, left
    alone.
    """

    missing: int = 0
    relanded: int = 0
    erased: int = 0
    expired: int = 0
    refused: int = 0
    surplus: int = 0
    refusals: list[str] = field(default_factory=list)  # the first reasons


def reconcile(
    mongo: "MongoClient[dict[str, Any]]", clickhouse: Client, project_id: str | None = None
) -> Reconciled:
    """Land what raw lacks and is not erased, and add it to the index; of one project or of all.

    Sealed sessions and, for replay payloads, sessions whose recording has expired are left alone.

    Counts are compared first, by store, project and session, and ids only where they differ. Safe
    beside a running lander: at worst a row lands twice, in equal copies. StoreError: call again.
    """
    rows = ClickHouseSink(lambda: clickhouse)
    done = Reconciled()
    for kind in Kind:
        waiting: list[str] = []
        for one in differences(mongo, rows, kind, project_id):
            done.surplus += len(one.surplus)
            waiting += [document_id(one.session[0], event_id) for event_id in one.missing]
            while len(waiting) >= BLOCK[kind]:
                _land(mongo, rows, kind, waiting[: BLOCK[kind]], done)
                del waiting[: BLOCK[kind]]
        if waiting:  # an empty $in makes the embedded server read every document
            _land(mongo, rows, kind, waiting, done)
    return done


def _land(
    mongo: "MongoClient[dict[str, Any]]",
    rows: ClickHouseSink,
    kind: Kind,
    ids: Sequence[str],
    done: Reconciled,
) -> None:
    with translated():
        found = COLLECTION[kind].of(mongo).find({"_id": {"$in": list(ids)}})
        items = [_item(kind, document) for document in found]
    done.missing += len(items)
    sessions = {item.session for item in items}
    erased = rows.erased(sessions)
    frozen = rows.frozen(kind, sessions - erased.keys())
    wanted = [item for item in items if item.session not in erased.keys() | frozen]
    refused = insert_rows(rows, kind, wanted)
    landed = [item for index, item in enumerate(wanted) if index not in refused]
    add_to_index(rows, (item.session for item in landed))
    # As the lander does: an erasure may have begun after the first look.
    late = rows.erased(sessions - erased.keys())
    if late:
        rows.delete(late)
        add_to_index(rows, late)
    done.relanded += sum(item.session not in late for item in landed)
    done.erased += sum(item.session in erased for item in items)
    done.erased += sum(item.session in late for item in landed)
    done.expired += sum(item.session in frozen for item in items)
    done.refused += len(refused)
    done.refusals += list(refused.values())[: 5 - len(done.refusals)]


def _item(kind: Kind, document: Document) -> Item:
    decoded, facts = _FROM_DOCUMENT[kind](document)
    return item_of(facts, 0, Event(), decoded)


_BATCHES = """
WITH rows AS (
    SELECT project_id, batch_id, count() AS n FROM (
        SELECT project_id, batch_id FROM raw.events FINAL
        UNION ALL
        SELECT project_id, batch_id FROM raw.replay_chunks FINAL)
    GROUP BY project_id, batch_id)
SELECT ledger.project_id AS project, sum(ledger.landed), sum(rows.n), any(gone.n), any(expired.n)
FROM (SELECT project_id, batch_id, landed FROM raw.ingest_ledger FINAL
      WHERE %(project)s IN ('', project_id)) AS ledger
LEFT JOIN rows USING (project_id, batch_id)
LEFT JOIN (SELECT project_id, sum(events_erased) AS n FROM raw.tombstones GROUP BY project_id)
    AS gone ON gone.project_id = ledger.project_id
LEFT JOIN (SELECT project_id, sum(rows) AS n FROM ops.expired FINAL GROUP BY project_id)
    AS expired ON expired.project_id = ledger.project_id
GROUP BY project
HAVING sum(ledger.landed) != sum(rows.n) + any(gone.n) + any(expired.n)
ORDER BY project
"""
_EQUATIONS = """
SELECT project_id, count(), toString(any(batch_id)) FROM raw.ingest_ledger FINAL
WHERE %(project)s IN ('', project_id)
  AND (received != valid + rejected + filtered
       OR valid != landed + duplicate + refused_by_store + erased
       OR landed_replay > landed
       OR arraySum(mapValues(reasons)) != rejected + refused_by_store)
GROUP BY project_id ORDER BY project_id
"""
_REJECTS = """
SELECT ledger.project_id AS project, sum(ledger.n) AS counted, sum(kept.n) AS found
FROM (SELECT project_id, batch_id, rejected + refused_by_store AS n FROM raw.ingest_ledger FINAL)
    AS ledger
LEFT JOIN (SELECT project_id, batch_id, count() AS n FROM raw.rejected_events FINAL
           GROUP BY project_id, batch_id) AS kept USING (project_id, batch_id)
WHERE %(project)s IN ('', ledger.project_id)
  AND ledger.project_id NOT IN (SELECT project_id FROM raw.tombstones)
  AND ledger.project_id NOT IN (SELECT project_id FROM raw.erased_users)
GROUP BY project HAVING counted != found ORDER BY project
"""


_TOTALS = """
SELECT (SELECT count() FROM raw.events) AS events,
       (SELECT count() FROM raw.replay_chunks) AS replay,
       (SELECT sum(landed) FROM raw.ingest_ledger FINAL)
       - (SELECT sum(events_erased) FROM raw.tombstones)
       - (SELECT sum(rows) FROM ops.expired FINAL) AS landed
"""


def totals_agree(mongo: "MongoClient[dict[str, Any]]", clickhouse: Client) -> bool:
    """Whether the ledger adds up, and rows and documents to its sums, by counts that stores keep.

    False also while copies of a row wait to be merged: then `check_ledger` tells. Does not see one
    row missing for each such copy.
    """
    rows = ClickHouseSink(lambda: clickhouse)
    if any(rows.rows(query, {"project": ""}) for query in (_EQUATIONS, _REJECTS)):
        return False
    ((events, replay, landed),) = rows.rows(_TOTALS)
    with translated():
        documents = {kind: COLLECTION[kind].of(mongo).estimated_document_count() for kind in Kind}
    return documents == {Kind.EVENTS: events, Kind.REPLAY: replay} and landed == events + replay


def settle(
    mongo: "MongoClient[dict[str, Any]]", clickhouse: Client
) -> tuple[Reconciled, list[str]]:
    """Reconcile and check the ledger of all projects, unless the stores' totals agree already."""
    if totals_agree(mongo, clickhouse):
        return Reconciled(), []
    return reconcile(mongo, clickhouse), check_ledger(mongo, clickhouse)


def check_ledger(
    mongo: "MongoClient[dict[str, Any]]", clickhouse: Client, project_id: str | None = None
) -> list[str]:
    """One line for each disagreement, in one project or all; none when all is exact.

    Batches may be landing meanwhile.

    In each batch received = valid + rejected + filtered and valid = landed + duplicate +
    refused_by_store + erased; in each project landed - erased later - expired = rows in raw =
    documents; and every refused event is kept (judged in projects without an erasure, which takes
    some away).
    """
    rows = ClickHouseSink(lambda: clickhouse)
    only = {"project": project_id or ""}
    return [
        *(
            f"project {project}: {count} batches do not add up, {batch} is one"
            for project, count, batch in rows.rows(_EQUATIONS, only)
        ),
        *(
            f"project {project}: {landed} landed, less {erased} erased later and {expired} expired,"
            f" but raw has {found}"
            for project, landed, found, erased, expired in rows.rows(_BATCHES, only)
        ),
        *(
            f"project {project}: {counted} events were refused, but {found} are kept"
            for project, counted, found in rows.rows(_REJECTS, only)
        ),
        *_unequal_stores(mongo, rows, project_id),
    ]


def _unequal_stores(
    mongo: "MongoClient[dict[str, Any]]", rows: ClickHouseSink, only_project: str | None
) -> Iterator[str]:
    for kind in Kind:
        missing: dict[str, int] = {}
        surplus: dict[str, int] = {}
        for one in differences(mongo, rows, kind, only_project):
            project_id = one.session[0]
            # A batch that is in no ledger row yet is still the lander's.
            settled = rows.ledgered((project_id, batch) for batch in one.missing.values())
            lost = sum(batch in settled for batch in one.missing.values())
            missing[project_id] = missing.get(project_id, 0) + lost
            surplus[project_id] = surplus.get(project_id, 0) + len(one.surplus)
        for project_id, count in missing.items():
            if count:
                yield f"project {project_id}: {count} documents are not in raw.{kind.value}"
        for project_id, count in surplus.items():
            if count:
                yield f"project {project_id}: {count} rows of raw.{kind.value} have no document"
