"""What is served, in the order it is merged."""

from orchestration.publish.hxi_tables import SESSION_ROWS, SESSIONS, USERS
from orchestration.publish.served_table import SESSION_KEY, ServedTable
from orchestration.publish.traceflow_tables import TRACEFLOW_ROWS, TRACEFLOW_SESSIONS, UX_ISSUES

__all__ = [
    "PARENTS",
    "ROWS",
    "SERVED_TABLES",
    "SESSIONS",
    "SESSION_KEY",
    "TRACEFLOW_SESSIONS",
    "USERS",
    "UX_ISSUES",
    "ServedTable",
]

# Written before the rows that refer to them, deleted after them.
PARENTS = (USERS, SESSIONS, TRACEFLOW_SESSIONS)
ROWS = (*SESSION_ROWS, *TRACEFLOW_ROWS)
SERVED_TABLES = (*PARENTS, *ROWS, UX_ISSUES)
