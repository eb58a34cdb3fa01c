"""What became of a load: the ledger's numbers of its batches, once they are landed."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from hxi.admin import clients
from hxi.load.errors import IngestDownError

MAX_REFUSALS = 20  # kept in words
CHUNK = 1_000  # batches asked for at once
FIRST_PAUSE_SECONDS = 0.05
LAST_PAUSE_SECONDS = 1.0
COUNTS = (
    *("received", "valid", "landed", "duplicate", "rejected"),
    *("filtered", "refused_by_store", "erased"),
)

Row = Sequence[Any]  # batch id, COUNTS, reasons
Ledger = Callable[[list[str]], Iterable[Row]]


@dataclass
class LoadTotals:
    """Sums over the batches of one load; the ledger's columns say what each means.

    Without waiting only `received`, `valid` and `rejected` are known. Refused batches are those
    that ingest refused whole, so that no ledger knows them; `refusals` are the places and reasons
    of the first ones.
    """

    received: int = 0
    valid: int = 0
    landed: int = 0
    duplicate: int = 0
    rejected: int = 0
    filtered: int = 0
    refused_by_store: int = 0
    erased: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    refused_batches: int = 0
    refusals: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """One batch of the ledger."""
        for name, count in zip(COUNTS, row[1:-1], strict=True):
            setattr(self, name, getattr(self, name) + count)
        for reason, count in row[-1].items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count

    def answer(self, accepted: int, rejected: int) -> None:
        """What a door said of one batch, where nobody waits for the ledger."""
        self.received += accepted + rejected
        self.valid += accepted
        self.rejected += rejected

    def refuse(self, refusal: str) -> None:
        """One batch that is in no ledger."""
        self.refused_batches += 1
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(refusal)


@contextmanager
def open_ledger(clickhouse_url: str) -> Iterator[Ledger]:
    """Asks raw.ingest_ledger for the rows of batches; raises while ClickHouse is down."""
    query = (
        f"SELECT toString(batch_id), {', '.join(COUNTS)}, reasons FROM raw.ingest_ledger"
        " WHERE batch_id IN {ids:Array(UUID)}"
    )

    with ExitStack() as opened:
        client: Client | None = None

        def ask(ids: list[str]) -> Iterable[Row]:
            nonlocal client
            if client is None:
                client = opened.enter_context(clients.clickhouse(clickhouse_url))
            rows: Iterable[Row] = client.query(query, parameters={"ids": ids}).result_rows
            return rows

        yield ask


def wait_until_landed(
    ids: Sequence[str],
    totals: LoadTotals,
    ledger: Ledger,
    patience_seconds: float,
    landed: Callable[[int], None] = lambda _: None,
) -> None:
    """Add each batch's row to `totals` once; `landed` hears how many of them there are so far.

    IngestDownError when for so long no further batch has landed.
    """
    waiting = dict.fromkeys(ids)
    count, pause, last_landed = len(waiting), FIRST_PAUSE_SECONDS, time.monotonic()
    while waiting:
        found = _rows(ledger, list(islice(waiting, CHUNK)))
        for row in found:
            if row[0] in waiting:  # equal copies of a row are seen until ClickHouse merges them
                del waiting[row[0]]
                totals.add(row)
        if found:
            last_landed, pause = time.monotonic(), FIRST_PAUSE_SECONDS
            landed(count - len(waiting))
        elif time.monotonic() - last_landed > patience_seconds:
            raise IngestDownError(
                f"{len(waiting)} of {count} batches are not landed after {patience_seconds:.0f} s: "
                "they are safe in ingest's spool, see `hxi status`"
            )
        elif waiting:
            time.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE_SECONDS)


def _rows(ledger: Ledger, ids: list[str]) -> list[Row]:
    try:
        return list(ledger(ids))
    except (ClickHouseError, OSError):
        return []  # it is down and may come back: as if nothing had landed yet
