"""Plans: which sessions and days a run rebuilds, kept in `ops` so that a run that dies is repeated.

The order of the calls is the promise (docs/decisions/0001-plans.md): `open_plan` before anything is
read from raw, `add_days` before and after `gosight.events` is rewritten, `close_plan` last of all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from clickhouse_connect.driver.client import Client

from orchestration.plan import project_settings as planned
from orchestration.plan import replicas, visitors
from orchestration.stores.clients import integer

# A day is touched when a planned session has an event on it, before or after it is rewritten.
EVENTS = "gosight.events"

UNFINISHED = "SELECT plan_id FROM ops.plans GROUP BY plan_id HAVING countIf(state != 'open') = 0"
# Never built again, but that an erasure takes their rows from the marts.
SEALED = """SELECT project_id, session_id FROM ops.sealed_sessions
    WHERE (project_id, session_id) NOT IN (SELECT project_id, session_id FROM raw.tombstones)"""

# A replica may come to a plan's deletes this late, and finds the rows that they name.
KEPT_DAYS = 7
# So that a delete may name a plan's days by its number: what is closed later changes them not.
NOT_CLOSED = "(project_id, day) NOT IN (SELECT project_id, day FROM ops.closed_days)"


# Every session with its index count, and the settings hash that its rows are to have.
LANDED = """SELECT project_id, session_id, sum(n) AS n,
        transform(project_id, {projects:Array(String)}, {hashes:Array(String)},
                  {hash:String}) AS hash
    FROM raw.session_index GROUP BY project_id, session_id"""


class PlanError(Exception):
    """A plan cannot be opened or closed as asked."""


@dataclass(frozen=True)
class Settings:
    """What rows are built with: one hash for all projects, or a project's own."""

    default_hash: str
    project_hashes: Mapping[str, str]
    overrides: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By project and name, what those of `project_hashes` are the hashes of."""


@dataclass(frozen=True)
class Plan:
    """An open plan. `sessions` is how many it rebuilds, 0 when everything is up to date."""

    plan_id: int
    sessions: int


def open_plan(
    client: Client,
    fence: int,
    settings: Settings,
    *,
    full: bool = False,
    days: Sequence[date] = (),
    doubted: str = "",
) -> Plan:
    """Plan every session whose index count or settings differ from what was done.

    With `full`, every session; with `days`, also those that are built with rows on one of these UTC
    days. `doubted` is a query of sessions to build again in any case (plan/doubts.py). Sessions and
    days of plans that never finished are taken over.
    Sealed sessions are in no plan (docs/decisions/0003-retention.md); new ones that have events on
    a closed day are sealed here.
    Visible to readers of `ops.planned_sessions` only when complete. Needs the lease: `fence` is its
    number and becomes the plan's id. May be repeated under the same lease: an open plan stays as it
    is, one that was never visible is made anew.
    """
    newest, begun = _newest(client, fence)
    if newest == fence and current_plan(client).plan_id == fence:
        _supersede(client, fence)
        return current_plan(client)
    if newest >= fence:
        raise PlanError(
            f"plan {newest} is newer than this lease ({fence}): another run has begun, or"
            " PostgreSQL was restored from an older copy"
            f" (then: SELECT setval('ops.plan_fence', {newest}))"
        )
    _forget(client, fence + 1)
    if begun:
        client.command(f"DELETE FROM ops.plan_sessions WHERE plan_id = {fence}")
    _seal_new_on_closed_days(client)
    planned.write(client, fence, settings.overrides)
    client.command(
        "INSERT INTO ops.plan_sessions (plan_id, project_id, session_id, n, settings_hash)"
        f" SELECT {fence}, * FROM ({to_build(days, doubted)})",
        parameters=parameters(settings, full=full, days=days),
    )
    if visitors.any_visitors(client):
        _plan_visitors(client, fence, settings)
    client.command(
        "INSERT INTO ops.plan_days (plan_id, project_id, day)"
        f" SELECT DISTINCT {fence}, project_id, day FROM ops.plan_days"
        f" WHERE plan_id IN ({UNFINISHED}) AND {NOT_CLOSED}"
    )
    kind = "full" if full else "incremental"
    client.command(f"INSERT INTO ops.plans VALUES ({fence}, 'open', '{kind}', now64(3, 'UTC'))")
    _supersede(client, fence)
    replicas.wait_for_plan(client)
    return current_plan(client)


def _newest(client: Client, fence: int) -> tuple[int, bool]:
    """The newest plan that ever was visible; whether `fence` has sessions, visible or not."""
    begun = f"EXISTS (SELECT 1 FROM ops.plan_sessions WHERE plan_id = {fence})"
    ((newest, is_begun),) = client.query(f"SELECT max(plan_id), {begun} FROM ops.plans").result_rows
    return int(newest), bool(is_begun)


def _plan_visitors(client: Client, fence: int, settings: Settings) -> None:
    """A session that was cut out of a visitor is built from the visitor, who is planned with it."""
    in_plan = sessions_of(fence)
    client.command(
        "INSERT INTO ops.plan_sessions (plan_id, project_id, session_id, n, settings_hash)"
        f" SELECT {fence}, * FROM ({LANDED}) WHERE (project_id, session_id) NOT IN ({SEALED})"
        f" AND (project_id, session_id) NOT IN ({in_plan})"
        f" AND (project_id, session_id) IN ({visitors.owners(in_plan)})",
        parameters=parameters(settings),
    )
    visitors.plan_cuts(client, fence)


def waiting(client: Client, settings: Settings, doubted: str = "") -> int:
    """How many sessions the next plan would rebuild; those on closed days that it seals too."""
    query = f"SELECT count() FROM ({to_build(doubted=doubted)})"
    return integer(client, query, parameters(settings))


def to_build(days: Sequence[date] = (), doubted: str = "") -> str:
    """A query of sessions, with their index count and settings hash as they are now."""
    return f"""
        WITH
            landed AS ({LANDED}),
            built AS (
                SELECT project_id, session_id,
                       argMax(n, plan_id) AS n, argMax(settings_hash, plan_id) AS hash
                FROM ops.done GROUP BY project_id, session_id)
        SELECT landed.project_id, landed.session_id, landed.n, landed.hash
        FROM landed LEFT JOIN built USING (project_id, session_id)
        WHERE (project_id, session_id) NOT IN ({SEALED})
          AND ({{full:Bool}} OR landed.n != built.n OR landed.hash != built.hash
               OR {_on_days(days)} OR {_in(doubted)} OR (project_id, session_id) IN (
                   SELECT project_id, session_id FROM ops.plan_sessions
                   WHERE plan_id IN ({UNFINISHED})))
        """


def parameters(
    settings: Settings, *, full: bool = False, days: Sequence[date] = ()
) -> dict[str, object]:
    return {
        "full": full,
        "hash": settings.default_hash,
        "days": list(days),
        "projects": list(settings.project_hashes.keys()),
        "hashes": list(settings.project_hashes.values()),
    }


def _on_days(days: Sequence[date]) -> str:
    """Whether a session is built with rows on one of the days of parameter `days`."""
    if not days:
        return "false"
    return """(project_id, session_id) IN (
        SELECT project_id, session_id FROM gosight.events WHERE event_date IN {days:Array(Date)}
        UNION ALL
        SELECT project_id, session_id FROM gosight.replay_chunks
        WHERE chunk_date IN {days:Array(Date)})"""


def _in(doubted: str) -> str:
    return f"(project_id, session_id) IN ({doubted})" if doubted else "false"


def current_plan(client: Client) -> Plan:
    """The open plan; plan_id 0 when there is none."""
    ((plan_id, sessions),) = client.query(
        "SELECT plan_id, (SELECT count() FROM ops.plan_sessions"
        " WHERE plan_id = (SELECT plan_id FROM ops.open_plan)) FROM ops.open_plan"
    ).result_rows
    return Plan(int(plan_id), int(sessions or 0))


def sessions_of(plan_id: int) -> str:
    """A query of the sessions that a plan names."""
    return f"SELECT project_id, session_id FROM ops.plan_sessions WHERE plan_id = {plan_id}"


def built_since(plan_id: int) -> str:
    """A query of the sessions that plans newer than this one, closed by now, have built.

    A session that was cut out of a visitor comes with the visitor; some are named twice.
    """
    built = f"SELECT project_id, session_id FROM ops.done WHERE plan_id > {plan_id}"
    return (
        f"{built} UNION ALL SELECT project_id, session_id FROM ops.visitor_sessions"
        f" WHERE (project_id, visitor_id) IN ({built})"
    )


def last_closed_ms(client: Client) -> int:
    """When a plan was last built and published to its end, of the epoch; 0 for never."""
    return integer(
        client,
        "SELECT toUnixTimestamp64Milli(max(at)) FROM ops.plans WHERE state = 'closed'",
    )


def add_days(client: Client, plan: Plan, *, is_there: bool = False) -> int:
    """Add the days the planned sessions have events on now; returns how many days are planned.

    `is_there`: their table is known to be.

    Called before the sessions' events are rewritten (days they leave) and after (days they enter).
    """
    if is_there or integer(client, f"EXISTS TABLE {EVENTS}"):
        client.command(
            "INSERT INTO ops.plan_days (plan_id, project_id, day)"
            f" SELECT DISTINCT {plan.plan_id}, project_id, toDate(timestamp) AS day"
            f" FROM {EVENTS} WHERE (project_id, session_id) IN ({sessions_of(plan.plan_id)})"
            f" AND {NOT_CLOSED}"
        )
        replicas.wait_for_plan(client)
    return integer(client, "SELECT count() FROM ops.planned_days")


def close_plan(client: Client, plan: Plan) -> None:
    """Record what was built. The very last step: all the plan names is written and published."""
    if current_plan(client).plan_id != plan.plan_id:
        raise PlanError(f"plan {plan.plan_id} is not the open one: another run took it over")
    replicas.wait_for_all(client)
    client.command(
        "INSERT INTO ops.done SELECT project_id, session_id, n, settings_hash, plan_id"
        f" FROM ops.plan_sessions WHERE plan_id = {plan.plan_id}"
        f" AND settings_hash != '{visitors.CUT}'"
    )
    client.command(f"INSERT INTO ops.plans VALUES ({plan.plan_id}, 'closed', '', now64(3, 'UTC'))")


def _seal_new_on_closed_days(client: Client) -> None:
    """Seal sessions that no run has planned yet and that would be built without some of their days.

    One that was planned before is built on; `gosight.events` leaves out its events on closed days.
    """
    if not integer(client, "SELECT count() FROM ops.closed_days"):
        return
    client.command(
        f"""
        INSERT INTO ops.sealed_sessions
            (project_id, session_id, reason, sealed_at, landed_through, events, replay_payloads)
        SELECT project_id, session_id, 'closed_day', now64(3, 'UTC'), toDateTime64(0, 3, 'UTC'),
               uniqExact(event_id), 0
        FROM raw.events
        WHERE (project_id, session_id) IN (
            SELECT project_id, session_id FROM raw.session_index
            WHERE (project_id, session_id) NOT IN (SELECT project_id, session_id FROM ops.done)
              AND (project_id, session_id) NOT IN (
                  SELECT project_id, session_id FROM ops.plan_sessions
                  WHERE plan_id IN ({UNFINISHED}))
              AND (project_id, session_id) NOT IN (
                  SELECT project_id, session_id FROM ops.sealed_sessions)
              AND (project_id, session_id) NOT IN (
                  SELECT project_id, session_id FROM raw.tombstones))
        GROUP BY project_id, session_id
        HAVING countIf((project_id, toDate(timestamp)) IN (
            SELECT project_id, day FROM ops.closed_days)) > 0
        """
    )


def _supersede(client: Client, fence: int) -> None:
    """Mark the plans that this one took over."""
    client.command(
        f"INSERT INTO ops.plans SELECT plan_id, 'superseded', '', now64(3, 'UTC')"
        f" FROM ({UNFINISHED}) WHERE plan_id < {fence}"
    )


def _forget(client: Client, before: int) -> None:
    """Drop what is kept of plans older than `before` that are over or were never visible.

    What their deletes name stays for KEPT_DAYS, and while any plan is open; settings of the newest
    visible plan stay.
    """
    over = client.query(
        "SELECT DISTINCT table, partition_id FROM system.parts WHERE database = 'ops' AND active"
        f" AND (table IN ('plan_steps', 'plan_cuts') AND toUInt64OrZero(partition) < {before}"
        f" AND toUInt64OrZero(partition) NOT IN ({UNFINISHED})"
        " OR table IN ('plan_sessions', 'plan_days')"
        f" AND toDateOrNull(partition) < toDate(now('UTC')) - {KEPT_DAYS}"
        f" AND NOT EXISTS ({UNFINISHED})"
        " OR table = 'plan_settings'"
        " AND toUInt64OrZero(partition) != (SELECT max(plan_id) FROM ops.plans))"
    ).result_rows
    for table, partition in over:
        client.command(f"ALTER TABLE ops.{table} DROP PARTITION ID '{partition}'")
