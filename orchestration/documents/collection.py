"""What a collection of derived documents is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.schema.mongo import CollectionSpec

Document = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Served:
    """A table of PostgreSQL's `hxi` with the same facts; `measures` in its own expressions."""

    table: str
    measures: Mapping[str, str]


@dataclass(frozen=True)
class Derived:
    """A collection and the rows of marts that its documents are made of.

    `rows`: a query of one row per document with its `project_id` and `session_id` (UUID), which may
    be filtered by `{only}`, a condition on those two. `size` names the column whose bytes bound how
    many documents are held at once. `sums` are numeric fields of the documents and the column each
    is made of: their sums are compared per project.
    """

    spec: CollectionSpec
    description: str
    marts: tuple[str, ...]
    rows: str
    document: Callable[[Row], Document]
    sums: Mapping[str, str] = field(default_factory=dict)
    size: str = ""
    served: Served | None = None
    # Whose documents: all, or in a collection that others write to as well, ours.
    ours: Document = field(default_factory=dict)
    # Fields that are set in documents of record, which are ingest's to make and to delete.
    sets: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the collection and of the asset."""
        return self.spec.name

    @property
    def is_of_record(self) -> bool:
        """Whether the documents are ingest's own."""
        return bool(self.sets)

    def query(self, only: str) -> str:
        """The rows of the sessions for which `only` holds."""
        return self.rows.format(only=only)
