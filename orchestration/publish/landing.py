"""What is copied: each landing table, the mart it comes from, and how each column is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from clickhouse_connect.driver.binding import format_query_value
from clickhouse_connect.driver.client import Client

from orchestration.publish import contracts
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
        return (
            f"({self._pairs()})"
            if self.few
            else f"(SELECT project_id, session_id FROM {self.plan})"
        )

    def sessions(self) -> str:
        """A relation of the planned sessions, each once."""
        if not self.few:
            return f"(SELECT DISTINCT project_id, session_id FROM {self.plan})"
        pair = f"arrayJoin([{self._pairs()}]) AS pair"
        return f"(SELECT {pair}, pair.1 AS project_id, pair.2 AS session_id)"

    def _pairs(self) -> str:
        return ", ".join(
            f"({format_query_value(project)}, {format_query_value(session)})"
            for project, session in self.few
        )


def written_out(client: Client, source: Source) -> Source:
    """The same source; few planned sessions are named in it."""
    found = client.query(
        f"SELECT DISTINCT project_id, toString(session_id) FROM {source.plan}"
        f" LIMIT {FEW_SESSIONS + 1}"
    ).result_rows
    few = tuple((str(project), str(session)) for project, session in found)
    return source if len(few) > FEW_SESSIONS else replace(source, few=few)


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
