"""What the lander asks of the two stores; tests put doubles in their place."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ingest.decode.documents import Document
from ingest.decode.rows import Row

# Project id and session id.
Session = tuple[str, str]


class Kind(StrEnum):
    """Events and replay payloads are kept apart; the value names collection and table."""

    EVENTS = "events"
    REPLAY = "replay_chunks"


@dataclass
class Written:
    """What became of documents, by their index in the list given.

    Each is in one of the two: `owners` has the batch whose copy MongoDB holds, `refused` the reason
    why it holds none.
    """

    owners: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


class DocumentStore(Protocol):
    """All calls may be repeated. StoreDownError: some may be written or not; call again."""

    def insert(self, kind: Kind, documents: Sequence[Document]) -> Written:
        """Keep each document unless its event is there already. No event may be given twice."""

    def delete(self, kind: Kind, documents: Sequence[Document]) -> None:
        """Forget documents, as far as their batch owns them."""

    def batches_of(self, session: Session) -> list[tuple[Kind, str]]:
        """The batch of each event and replay payload of a session."""

    def erase(self, session: Session) -> None:
        """Delete everything of a session."""


class RowStore(Protocol):
    """All calls may be repeated. StoreDownError: call again."""

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """All or none. RefusedByStoreError when a row is to blame; errors of `rows` go through."""

    def ledgered(self, batches: Iterable[tuple[str, str]]) -> set[str]:
        """Which batches, given as (project, batch), have a ledger row."""

    def erased(self, sessions: Collection[Session]) -> dict[Session, int]:
        """Those that have a tombstone, with the landed events that went."""

    def erased_users(self, hashes: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """When users, given as (project, hash), were erased, ms since 1970; others are missing."""

    def expiring(self, session: Session) -> set[tuple[Kind, str]]:
        """Batches of a session that an expiry has counted and not yet deleted."""

    def delete(
        self, sessions: Collection[Session], batch_ids: Collection[str] | None = None
    ) -> None:
        """Delete all rows of these sessions, or only these batches'; refused events too."""
