"""The events of a small plan, read once for all signals.

Planning a query of gosight.events costs the engine more than a few sessions' rows do, and nine
signals ask it ten times.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.reading import PLANNED_EVENTS, SESSION_FACTS, columns, narrowed
from orchestration.signals.signal import AnySignal

FEW_EVENTS = 20_000
"""Some 10 MB with the columns of all signals."""

OF_SESSION = "PARTITION BY e.project_id, e.session_id"


@dataclass(frozen=True)
class HeldEvents:
    """Grain: an event that counts somewhere, of a planned session; a session's are adjacent.

    Columns: all that signals read, facts of the session among them, and one for each signal that
    leaves events out: whether it is read.
    """

    events: pl.DataFrame

    def of(self, signal: AnySignal) -> Iterator[pl.DataFrame]:
        """What the signal would read, as one batch; facts of the session are there."""
        read = [pl.col(_is_read(signal))] if signal.narrowed_to else []
        if signal.event_types:
            read.append(pl.col("event_type").is_in(signal.event_types))
        yield self.events.filter(*read).select(signal.reads.names())


def held_events(client: Client, signals: Iterable[AnySignal]) -> HeldEvents | None:
    """In one statement; None: there are more than FEW_EVENTS."""
    of_events = [signal for signal in signals if not signal.reader]
    found = client.query_arrow(held_query(of_events), use_strings=True)
    if found.num_rows > FEW_EVENTS:
        return None
    return HeldEvents(pl.DataFrame(found).cast(_schema(of_events)))


def held_query(signals: Iterable[AnySignal]) -> str:
    """Selects what these signals read, and one row too many where there are many."""
    of_events = list(signals)
    read = [
        f"ifNull({narrowed(signal)}, false) AS {_is_read(signal)}"
        for signal in of_events
        if signal.narrowed_to
    ]
    names = _schema(of_events)
    facts = [
        f"{fact} OVER ({OF_SESSION}) AS {name}"
        for name, (fact, _) in SESSION_FACTS.items()
        if name in names
    ]
    reads = (name for name in names if not name.startswith(READ_BY))
    # Limited before facts are gathered, which takes all rows at once.
    few = (
        f"SELECT * FROM gosight.events AS e\nWHERE {PLANNED_EVENTS}\n"
        f"ORDER BY e.project_id, e.session_id LIMIT {FEW_EVENTS + 1}"
    )
    return (
        f"SELECT {', '.join([*columns(reads), *facts, *read])}\nFROM ({few}) AS e\n"
        "ORDER BY e.project_id, e.session_id"
    )


READ_BY = "is_read_by_"


def _is_read(signal: AnySignal) -> str:
    return f"{READ_BY}{signal.table}"


def _schema(signals: Iterable[AnySignal]) -> pl.Schema:
    found = pl.Schema()
    for signal in signals:
        found.update(signal.reads)
        if signal.narrowed_to:
            found[_is_read(signal)] = pl.Boolean()
    return found
