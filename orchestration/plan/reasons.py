"""Why the next run would build a session: asked of what has landed, without opening a plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from orchestration.plan import plan, visitors
from orchestration.plan.plan import NOT_CLOSED, UNFINISHED, Settings, parameters, to_build
from orchestration.stores.clients import integer

CUT = "cut"
TOLD = {
    "new": "not built yet",
    "late": "events landed since they were built",
    "erased": "their rows leave the tables",
    "rules": "rules, models or settings changed",
    "unfinished": "planned by a run that did not end",
    "doubted": "count as built, but the tables hold something else",
    "missing": "a table is not there: all are built",
    CUT: "cut by silence out of visitors that are among these",
}
"""By reason, in words. Of several the first that holds, which is the order of `_REASON`."""

_REASON = f"""multiIf(
    planned.n != built.n AND (project_id, session_id) IN (
        SELECT project_id, session_id FROM raw.tombstones), 'erased',
    built.hash = '', 'new',
    planned.n != built.n, 'late',
    planned.hash != built.hash, 'rules',
    (project_id, session_id) IN (
        SELECT project_id, session_id FROM ops.plan_sessions WHERE plan_id IN ({UNFINISHED})),
    'unfinished',
    {{full:Bool}}, 'missing', 'doubted')"""


@dataclass(frozen=True)
class Reason:
    """Sessions that are planned for it, and the days of projects that they touch."""

    reason: str
    sessions: int
    days: int


@dataclass(frozen=True)
class Outlook:
    """What the next run would build; the days of one reason may be among those of another."""

    sessions: int
    days: int
    reasons: Sequence[Reason]


def outlook(client: Client, settings: Settings, *, full: bool, doubted: str) -> Outlook:
    """Arguments as of `plan.open_plan`. Reads only."""
    planned = _planned(doubted)
    given = parameters(settings, full=full)
    days = _days(client, planned)
    rows = client.query(
        f"SELECT reason, uniqExact(project_id, session_id), {_count_days()}"
        f" FROM ({planned}) AS planned LEFT JOIN ({days}) AS touched USING (project_id, session_id)"
        " GROUP BY GROUPING SETS ((reason), ()) ORDER BY reason",
        parameters=given,
    ).result_rows
    found = {str(reason): Reason(str(reason), int(n), int(on)) for reason, n, on in rows}
    all_of_them = found.pop("", Reason("", 0, 0))
    cut = _cut(client, planned, given)
    reasons = [found[name] for name in TOLD if name in found]
    if cut:
        reasons.append(Reason(CUT, cut, 0))
    return Outlook(all_of_them.sessions + cut, all_of_them.days, reasons)


def _planned(doubted: str) -> str:
    """A query of the sessions to build, each with its reason."""
    return f"""
        SELECT project_id, session_id, {_REASON} AS reason
        FROM ({to_build(doubted=doubted)}) AS planned
        LEFT JOIN (
            SELECT project_id, session_id,
                   argMax(n, plan_id) AS n, argMax(settings_hash, plan_id) AS hash
            FROM ops.done GROUP BY project_id, session_id) AS built
        USING (project_id, session_id)"""


def _days(client: Client, planned: str) -> str:
    """A query of the days on which they have events: as landed, and as built."""
    of_planned = f"(project_id, session_id) IN (SELECT project_id, session_id FROM ({planned}))"
    landed = f"""SELECT DISTINCT project_id, session_id, toNullable(toDate(timestamp)) AS day
        FROM raw.events WHERE {of_planned}"""
    if not integer(client, f"EXISTS TABLE {plan.EVENTS}"):
        return landed
    return f"""{landed} UNION DISTINCT
        SELECT DISTINCT project_id, session_id, toNullable(toDate(timestamp)) AS day
        FROM {plan.EVENTS} WHERE {of_planned}"""


def _count_days() -> str:
    return f"uniqExactIf((project_id, assumeNotNull(day)), day IS NOT NULL AND {_open('day')})"


def _open(day: str) -> str:
    return NOT_CLOSED.replace("(project_id, day) NOT", f"(project_id, assumeNotNull({day})) NOT", 1)


def _cut(client: Client, planned: str, given: dict[str, object]) -> int:
    """How many sessions are cut out of visitors that are planned."""
    if not visitors.any_visitors(client):
        return 0
    of_planned = f"(project_id, visitor_id) IN (SELECT project_id, session_id FROM ({planned}))"
    return integer(
        client,
        "SELECT uniqExact(project_id, session_id) FROM ("
        f" SELECT project_id, session_id FROM ops.visitor_cuts WHERE {of_planned} UNION ALL"
        f" SELECT project_id, session_id FROM ops.visitor_sessions WHERE {of_planned})",
        given,
    )
