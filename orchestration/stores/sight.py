"""Whether row security shows a login of PostgreSQL all that it works on."""

from typing import Any

import psycopg


class BlindError(Exception):
    """Row security hides rows from this login: what it does not find proves nothing."""


def require_sight(connection: psycopg.Connection[Any]) -> None:
    """BlindError for a login that is not shown every row. Served tables force it on their owner."""
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls OR pg_has_role(rolname, 'hxi_publisher', 'USAGE')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        raise BlindError(
            "row security hides rows from this login of PostgreSQL: GRANT hxi_publisher TO it"
            " WITH INHERIT TRUE, so that it sees what it works on"
        )
