"""What the merge must know of a served table: its natural key, and who owns which column."""

from dataclasses import dataclass
from typing import Literal

from orchestration.publish import contracts

SESSION_KEY = ("project_id", "session_id")


@dataclass(frozen=True)
class ServedTable:
    """`<schema>.<name>`, merged from `source` by `key`.

    The columns are those of the model's contract; of a `temporary_source`, which has none, they are
    given. A row is replaced only where a `derived` column differs. `surrogate` is given by the
    table at a row's first insert and kept for its life. `initial` columns are written with a new
    row and then belong to people or services; `kept` columns belong to them from the start: a
    publish neither reads nor writes them. Rows whose `scope_key` is in `scope` and that are not in
    `source` are deleted; rows outside the scope are never touched, unless the source reaches beyond
    it (`is_within_scope` false).

    `published_mark`: the column that is NULL in rows services insert beside the published ones;
    such rows are never deleted by a publish. `is_shared`: services insert rows under the same key;
    a publish takes them over.
    """

    name: str
    key: tuple[str, ...]
    surrogate: tuple[str, ...] = ("id",)
    initial: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    schema: Literal["hxi", "traceflow"] = "hxi"
    scope: tuple[str, str] = ("landing", "planned_sessions")
    scope_key: tuple[str, ...] = SESSION_KEY
    is_within_scope: bool = True
    temporary_source: str = ""
    temporary_columns: tuple[str, ...] = ()
    published_mark: str = ""
    is_shared: bool = False

    @property
    def model(self) -> str:
        """The dbt model of schema `stage` that shapes the rows."""
        prefix = f"{self.schema}_"
        return self.name if self.name.startswith(prefix) else prefix + self.name

    @property
    def source(self) -> tuple[str, str]:
        """Schema and name of the relation that holds the rows as they should be."""
        if self.temporary_source:
            return ("pg_temp", self.temporary_source)
        return ("stage", self.model)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the merge writes into a new row."""
        return self.temporary_columns or contracts.stage()[self.model]

    @property
    def derived(self) -> tuple[str, ...]:
        """What the merge keeps equal to its source."""
        return tuple(name for name in self.columns if name not in {*self.key, *self.initial})
