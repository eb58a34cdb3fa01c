"""What is copied: each landing table, the mart it comes from, and how each column is read."""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.publish import contracts
from orchestration.publish.contracts import Column


@dataclass(frozen=True)
class Source:
    """Where ClickHouse keeps the marts and the open plan."""

    marts: str = "gosight"
    plan: str = "ops.planned_sessions"


SERVED = Source()


@dataclass(frozen=True)
class LandingTable:
    """`landing.<name>`, filled with the planned sessions' rows of the mart of the same name."""

    name: str
    columns: tuple[Column, ...]

    @property
    def is_packed(self) -> bool:
        """Whether the last column is base64 of a replay payload, unpacked on the way."""
        return self.columns[-1].is_packed

    def expressions(self) -> Iterator[str]:
        """How ClickHouse reads each column."""
        return (_clean(column) if _is_text(column) else column.read for column in self.columns)

    def rows(self, source: Source) -> str:
        """What follows FROM in a query of the rows to copy."""
        sessions = f"SELECT project_id, session_id FROM {source.plan}"
        return f"{source.marts}.{self.name} WHERE (project_id, session_id) IN ({sessions})"


class PlannedSessions(LandingTable):
    """The plan itself."""

    def rows(self, source: Source) -> str:
        """Each session once."""
        return f"(SELECT DISTINCT project_id, session_id FROM {source.plan})"


def _is_text(column: Column) -> bool:
    return column.data_type == "text" and not column.is_packed


def _clean(column: Column) -> str:
    """PostgreSQL text holds neither NUL nor broken UTF-8; one such value would end the copy."""
    return f"toValidUTF8(replaceAll({column.read}, '\\0', ''))"


PLANNED_SESSIONS = PlannedSessions("planned_sessions", contracts.landing()["planned_sessions"])
MARTS = tuple(
    LandingTable(name, columns)
    for name, columns in contracts.landing().items()
    if name != PLANNED_SESSIONS.name
)
LANDING_TABLES = (PLANNED_SESSIONS, *MARTS)
