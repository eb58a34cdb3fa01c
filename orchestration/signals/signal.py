"""What the runner knows of a signal: what it reads, what it writes and the pure step between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import polars as pl

from orchestration.signals.columns import INSIGHT_COLUMNS

SettingsT = TypeVar("SettingsT")


class SignalSchemaError(Exception):
    """A frame going into or coming out of a signal has other columns than declared."""


@dataclass(frozen=True)
class NoSettings:
    """Of a rule without thresholds."""


NO_SETTINGS = NoSettings()


@dataclass(frozen=True)
class Signal(Generic[SettingsT]):
    """One signal. `dataclasses.replace(signal, settings=…)` gives it under other thresholds."""

    table: str
    """Table of database `signals` that holds the result."""
    description: str
    """The table's grain, for the asset's page."""
    reads: pl.Schema
    event_types: tuple[str, ...]
    """() = all types."""
    transform: Callable[..., pl.LazyFrame]
    """From (frame, settings), or (frame, settings, what the side reader found)."""
    settings: SettingsT
    writes: pl.Schema = field(default_factory=lambda: INSIGHT_COLUMNS)
    after: tuple[tuple[str, str], ...] = (("gosight", "events"),)
    """The tables it reads, as the asset's keys."""
    name: str = ""
    """What its settings are called by, as in `rage_click.min_clicks`; "": it has none."""
    narrowed_to: str = ""
    """SQL on gosight.events AS e that leaves out what cannot change the result, where that is much;
    `{planned}` in it becomes the condition for the plan's events."""
    but_kept: str = ""
    """SQL after the condition for the plan's rows that leaves out rows to keep as they are."""
    reader: Callable[[Any, "AnySignal"], Iterator[pl.DataFrame]] | None = None
    """Reads frames as `reads` declares through a client. None: events, from gosight.events."""
    side_reader: Callable[[Any, pl.DataFrame], pl.DataFrame] | None = None
    """Reads what else `transform` takes, as a third argument, for a frame of whole sessions."""

    def detect(self, events: pl.DataFrame, beside: pl.DataFrame | None = None) -> pl.DataFrame:
        """The signal's rows for whole sessions. Raises SignalSchemaError on a wrong frame.

        `beside`: what the side reader found; None: nothing.
        """
        require_schema(f"input of signal {self.table}", events.schema, self.reads)
        inputs = [events.lazy(), self.settings, *([] if beside is None else [beside.lazy()])]
        rows = self.transform(*inputs).collect()
        require_schema(f"output of signal {self.table}", rows.schema, self.writes)
        return rows


AnySignal: TypeAlias = Signal[Any]
"""A signal with settings of its own kind, as the runner and the assets take it."""


def require_schema(what: str, found: pl.Schema, declared: pl.Schema) -> None:
    """Raise SignalSchemaError naming each column that is missing, unknown or of another type."""
    if found == declared:
        return
    wrong = [
        f"{name} is {found.get(name, 'missing')}, declared {declared.get(name, 'nowhere')}"
        for name in sorted({*found, *declared})
        if found.get(name) != declared.get(name)
    ]
    raise SignalSchemaError(f"{what}: {'; '.join(wrong) or 'the column order differs'}")
