"""Visitors of SDKs that tell no session: cut into sessions by silence when they are planned.

A cut is made of what is in raw, before the plan is visible, and kept with it: `gosight.events`
gives events to the sessions of the cut, and what is built from them finds those sessions planned,
with all that an earlier plan cut out of the same visitors
(docs/decisions/0011-sessions-by-silence.md).
"""

from clickhouse_connect.driver.client import Client

from orchestration.stores.clients import integer

KNOWN = "SELECT project_id, session_id FROM ops.visitor_sessions"
# Rows that stand for a cut: they are planned with their visitor, and it alone is done.
CUT = "cut out of a visitor"


def owners(planned: str) -> str:
    """The visitors that the sessions of the query `planned` were cut out of."""
    return f"""SELECT project_id, visitor_id FROM ops.visitor_sessions
        WHERE (project_id, session_id) IN ({planned})"""


def plan_cuts(client: Client, plan_id: int) -> None:
    """Add to a plan that is not yet visible the sessions of its visitors, now and before."""
    planned = f"SELECT project_id, session_id FROM ops.plan_sessions WHERE plan_id = {plan_id}"
    client.command(
        "INSERT INTO ops.plan_cuts"
        f" SELECT {plan_id}, project_id, visitor_id, session_id, started_at FROM ops.visitor_cuts"
        f" WHERE (project_id, visitor_id) IN ({planned})"
    )
    client.command(
        "INSERT INTO ops.visitor_sessions SELECT project_id, visitor_id, session_id"
        f" FROM ops.plan_cuts WHERE plan_id = {plan_id}"
        f" AND (project_id, session_id) NOT IN ({KNOWN})"
    )
    client.command(
        "INSERT INTO ops.plan_sessions (plan_id, project_id, session_id, n, settings_hash)"
        f" SELECT DISTINCT {plan_id}, project_id, session_id, 0, '{CUT}' FROM ops.visitor_sessions"
        f" WHERE (project_id, visitor_id) IN ({planned})"
        f" AND (project_id, session_id) NOT IN ({planned})"
    )


def any_visitors(client: Client) -> bool:
    """Whether anything was ever sent by an SDK that tells no session."""
    return bool(
        integer(
            client,
            "SELECT count() FROM (SELECT 1 FROM raw.session_index"
            " WHERE startsWith(toString(session_id), '76697369') LIMIT 1)",
        )
    )
