"""What is copied: each landing table, the mart it comes from, and how each column is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from clickhouse_connect.driver.client import Client

from orchestration.publish import contracts, written_out
from orchestration.publish.contracts import Column

# Written out, so few are planned for in half the time: the plan is a view of a view, and each query
# names it. With ten times as many, reading them takes longer than asking.
FEW_SESSIONS = 20


@dataclass(frozen=True)
class Source:
    """Where ClickHouse keeps the marts and the open plan.

    `few`: project and session of each that is planned, where they are FEW_SESSIONS or less.
    """

    marts: str = "gosight"
    plan: str = "ops.planned_sessions"
    few: tuple[tuple[str, str], ...] = ()

    def planned(self) -> str:
        """What `(project_id, session_id)` of a planned session is IN."""
        listed = written_out.pairs(self.few)
        return f"({listed or f'SELECT project_id, session_id FROM {self.plan}'})"

    def sessions(self) -> str:
        """A relation of the planned sessions, each once."""
        every = f"SELECT DISTINCT project_id, session_id FROM {self.plan}"
        return f"({written_out.query(self.few) if self.few else every})"


def with_few(client: Client, source: Source) -> Source:
    """The same source; few planned sessions are named in it."""
    few = written_out.few(client, f"SELECT project_id, session_id FROM {source.plan}", FEW_SESSIONS)
    return replace(source, few=few) if few else source


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
        return f"{source.marts}.{self.name} WHERE (project_id, session_id) IN {source.planned()}"


class PlannedSessions(LandingTable):
    """The plan itself."""

    def rows(self, source: Source) -> str:
        """Each session once."""
        return source.sessions()


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
