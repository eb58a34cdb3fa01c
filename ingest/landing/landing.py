"""Lands one block of spooled batches in both stores; every step may be repeated (decision 0001).

MongoDB, whose unique key says which batch owns an event; ClickHouse's rows; the index; what was
erased meanwhile; refused events; and last the ledger, after which a batch is never looked at again.
The caller then forgets the spooled batches.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

import orjson

from ingest import rejects
from ingest.clock import now_ms
from ingest.decode.documents import Document
from ingest.decode.rows import Row, Templates
from ingest.errors import RefusedByStoreError, StoreDownError
from ingest.landing.erased_users import Named, named_users, sessions_of_erased_users
from ingest.landing.items import UNUSABLE, Fate, Item, items_of, session_of_reject
from ingest.rejects import Reason, Reject
from ingest.sinks import names as tables
from ingest.sinks.interface import DocumentStore, Kind, RowStore, Session
from ingest.sinks.split import write_or_split
from ingest.spooled import SpooledBatch

TABLE = {Kind.EVENTS: tables.EVENTS, Kind.REPLAY: tables.REPLAY_CHUNKS}
# What a DateTime64 holds; a client's clock may say anything.
LATEST_MS = 4_102_444_800_000
Key = tuple[Kind, str, str]


@dataclass(frozen=True, slots=True)
class Landing:
    """The two stores; `land` may run in several threads."""

    documents: DocumentStore
    rows: RowStore
    # Decoding holds the interpreter: two blocks side by side would both be late for the stores.
    _decoding: Lock = field(default_factory=Lock)

    def land(self, batches: Sequence[SpooledBatch]) -> Counter[str]:
        """Until the ledger has every batch; events that this call gave a fate, by fate.

        StoreDownError: nothing is lost, call again.
        """
        in_ledger = self.rows.ledgered((batch.project_id, batch.batch_id) for batch in batches)
        batches = [batch for batch in batches if batch.batch_id not in in_ledger]
        if not batches:
            return Counter()
        with self._decoding:
            items = list(items_of(batches))
        refused_at_door = {batch.batch_id: rejects.load(batch.rejects) for batch in batches}
        sessions = _sessions(batches, items, refused_at_door)
        users = named_users(items)
        erased = self.rows.erased(sessions).keys() | self._of_erased_users(users)
        landed = self._write([item for item in items if item.session not in erased])
        add_to_index(self.rows, (item.session for item in landed))
        # An erasure that began meanwhile may have missed what was being written.
        erased |= self.rows.erased(sessions - erased).keys() | self._of_erased_users(users)
        self._drop_erased([item for item in items if item.session in erased])
        self._keep_rejects(batches, items, refused_at_door, erased)
        self._write_ledger(batches, items, refused_at_door)
        return Counter(item.fate for item in items if item.fate)

    def _of_erased_users(self, users: Named) -> set[Session]:
        """Sessions of erased users that come late; they get a tombstone as all erased ones."""
        late = sessions_of_erased_users(users, self.rows)
        fresh = late - self.rows.erased(late).keys() if late else set()
        _insert_own(self.rows, tables.TOMBSTONES, [late_tombstone(one) for one in sorted(fresh)])
        return late

    def _write(self, items: Sequence[Item]) -> list[Item]:
        """Give every item its fate; returns those that landed."""
        copies: dict[Key, list[Item]] = defaultdict(list)
        for item in items:
            if item.fate is None:
                copies[item.key].append(item)
        landed: list[Item] = []
        waiting = copies
        while waiting:
            owners = self._write_documents(waiting)
            chosen = [
                copy
                for key, owner in owners.items()
                if (copy := _copy_of(owner, copies[key])) is not None
            ]
            landed += self._write_rows(chosen)
            refused = {item.key for item in chosen if item.fate is Fate.REFUSED}
            # Another copy of a refused event may be one that the stores take.
            waiting = {key: copies[key] for key in refused if _untried(copies[key])}
        for item in items:
            item.fate = item.fate or Fate.DUPLICATE
        return landed

    def _write_documents(self, copies: dict[Key, list[Item]]) -> dict[Key, str]:
        """The batch that owns each event; an event whose copies are all refused is missing."""
        owners: dict[Key, str] = {}
        while copies:
            again: dict[Key, list[Item]] = {}
            for kind in Kind:
                firsts = [
                    first
                    for some in copies.values()
                    if some[0].kind is kind and (first := _untried(some))
                ]
                written, refused = self._insert(kind, firsts)
                for index, why in refused.items():
                    firsts[index].refuse(why)
                    key = firsts[index].key
                    if _untried(copies[key]):
                        again[key] = copies[key]
                owners |= {firsts[index].key: owner for index, owner in written.items()}
            copies = again
        return owners

    def _insert(self, kind: Kind, items: Sequence[Item]) -> tuple[dict[int, str], dict[int, str]]:
        """Owners and reasons of refusal, by index."""
        if not items:
            return {}, {}
        documents: list[Document] = []
        at: list[int] = []
        refused: dict[int, str] = {}
        for index, item in enumerate(items):
            try:
                documents.append(item.document())
                at.append(index)
            except UNUSABLE as error:
                refused[index] = f"cannot be made a document: {error!r}"
        written = self.documents.insert(kind, documents)
        refused |= {at[index]: why for index, why in written.refused.items()}
        return {at[index]: owner for index, owner in written.owners.items()}, refused

    def _write_rows(self, items: Sequence[Item]) -> list[Item]:
        """Those that ClickHouse took; a document whose row is refused is taken back."""
        landed: list[Item] = []
        for kind in Kind:
            mine = [item for item in items if item.kind is kind]
            refused = insert_rows(self.rows, kind, mine)
            if refused:
                self.documents.delete(kind, [mine[index].document() for index in refused])
            for index, item in enumerate(mine):
                if index in refused:
                    item.refuse(refused[index])
                else:
                    item.fate = Fate.LANDED
                    landed.append(item)
        return landed

    def _drop_erased(self, items: Sequence[Item]) -> None:
        """What this or an earlier try has written of erased sessions goes again."""
        if not items:
            return
        sessions = {item.session for item in items}
        self.rows.delete(sessions, {item.facts.batch_id for item in items})
        for kind in Kind:
            mine = [item.document() for item in items if item.kind is kind]
            self.documents.delete(kind, mine)
        add_to_index(self.rows, sessions)
        for item in items:
            item.fate = Fate.ERASED

    def _keep_rejects(
        self,
        batches: Sequence[SpooledBatch],
        items: Sequence[Item],
        at_door: dict[str, list[Reject]],
        erased: Collection[Session],
    ) -> None:
        refused = defaultdict(list, {batch_id: list(kept) for batch_id, kept in at_door.items()})
        for item in items:
            if item.fate is Fate.REFUSED:
                refused[item.facts.batch_id].append(item.reject())
        rows = [
            _reject_row(batch, one)
            for batch in batches
            for one in refused[batch.batch_id]
            if session_of_reject(batch.project_id, one) not in erased
        ]
        _insert_own(self.rows, tables.REJECTED_EVENTS, rows)

    def _write_ledger(
        self,
        batches: Sequence[SpooledBatch],
        items: Sequence[Item],
        at_door: dict[str, list[Reject]],
    ) -> None:
        fates: dict[str, Counter[str]] = defaultdict(Counter)
        counts = Counter((item.facts.batch_id, item.fate, item.kind) for item in items)
        for (batch_id, fate, kind), count in counts.items():
            fates[batch_id][fate or ""] += count
            if fate is Fate.LANDED and kind is Kind.REPLAY:
                fates[batch_id]["landed_replay"] += count
        rows = [ledger_row(one, at_door[one.batch_id], fates[one.batch_id]) for one in batches]
        _insert_own(self.rows, tables.LEDGER, rows)


def late_tombstone(session: Session) -> Row:
    """Of a session that came after its user was erased; a run erases what came before."""
    project_id, session_id = session
    return {
        "project_id": project_id,
        "session_id": session_id,
        "erased_at": now_ms(),
        "events_erased": 0,
        "is_late": True,
    }


def insert_rows(store: RowStore, kind: Kind, items: Sequence[Item]) -> dict[int, str]:
    """Insert all rows that ClickHouse takes; index and reason of those it refuses."""
    templates = Templates()
    return write_or_split(
        lambda part: store.insert(TABLE[kind], _rows_of(part, templates)),
        items,
    )


def _rows_of(items: Sequence[Item], templates: Templates) -> Iterator[Row]:
    """One at a time, so that no more than are needed at once are held."""
    for item in items:
        try:
            yield item.row(templates)
        except UNUSABLE as error:
            raise RefusedByStoreError(f"cannot be made a row: {error!r}") from error


def add_to_index(store: RowStore, sessions: Iterable[Session]) -> None:
    """+1 for each time a session is named, so that a run plans it."""
    rows: list[Row] = [
        {"project_id": project_id, "session_id": session_id, "n": count}
        for (project_id, session_id), count in Counter(sessions).items()
    ]
    _insert_own(store, tables.SESSION_INDEX, rows)


def _insert_own(store: RowStore, table: str, rows: Sequence[Row]) -> None:
    """Rows of our own making: a refusal is a fault of the table, not of an event."""
    if not rows:
        return
    try:
        store.insert(table, rows)
    except RefusedByStoreError as error:
        raise StoreDownError(f"{table} does not take its rows: {error}") from error


def _sessions(
    batches: Sequence[SpooledBatch], items: Sequence[Item], at_door: dict[str, list[Reject]]
) -> set[Session]:
    sessions = {item.session for item in items}
    for batch in batches:
        for one in at_door[batch.batch_id]:
            session = session_of_reject(batch.project_id, one)
            if session is not None:
                sessions.add(session)
    return sessions


def _untried(copies: Sequence[Item]) -> Item | None:
    """The first copy that no store has refused."""
    return next((item for item in copies if item.fate is not Fate.REFUSED), None)


def _copy_of(batch_id: str, copies: Sequence[Item]) -> Item | None:
    """The copy that the owner of an event brought, if it is in this block."""
    for item in copies:
        if item.facts.batch_id == batch_id and item.fate is not Fate.REFUSED:
            return item
    return None


def _reject_row(batch: SpooledBatch, one: Reject) -> Row:
    return {
        "project_id": batch.project_id,
        "batch_id": batch.batch_id,
        "position": one.position,
        "event_id": one.event_id,
        "session_id": one.session_id,
        "reason": one.reason.value,
        "detail": one.detail,
        "raw": one.raw,
        "ingested_at": batch.ingested_at,
    }


def ledger_row(batch: SpooledBatch, at_door: Sequence[Reject], fates: Counter[str]) -> Row:
    """`fates` counts the batch's events by Fate's values, and `landed_replay`."""
    reasons = rejects.count_by_reason(at_door)
    if fates[Fate.REFUSED.value]:
        reasons[Reason.REFUSED_BY_STORE.value] = fates[Fate.REFUSED.value]
    return {
        "project_id": batch.project_id,
        "batch_id": batch.batch_id,
        "door": batch.door,
        "sdk_version": batch.sdk_version,
        "received": batch.received,
        "valid": batch.valid,
        "rejected": len(at_door),
        "filtered": batch.filtered,
        **{fate.value: fates[fate.value] for fate in Fate},
        "landed_replay": fates["landed_replay"],
        "reasons": list(reasons.items()),
        "privacy": list(orjson.loads(batch.privacy).items()) if batch.privacy else [],
        "sent_at": min(max(batch.sent_at, 0), LATEST_MS),
        "ingested_at": batch.ingested_at,
    }
