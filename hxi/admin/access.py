"""Logins of PostgreSQL below its owner: those of BI tools, and ingest's."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from hxi.admin.errors import UserError
from hxi.admin.folder import new_password

# Groups of logins of one project, and of several: row security asks them in different words.
READERS_OF_ONE = "bi_reader"
READERS_OF_MANY = "bi_reader_many"
ISSUE_EDITORS = "bi_issue_editor"
INGEST = "hxi_ingest"
INGEST_DSN = "HXI_INGEST_POSTGRES_DSN"

# Parameters of an address that say who connects.
OF_THE_OWNER = {"user", "password", "passfile", "sslcert", "sslkey", "sslpassword"}

LOGIN_NAME = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,62}")
# One tool's pool must not take all of the server's connections.
CONNECTIONS = 20
# What a login starts with and may change: a dashboard left open holds up neither runs nor upgrades.
LOGIN_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "5min",
}

Connection = psycopg.Connection[Any]


def open_ingest(connection: Connection, password: str) -> None:
    """Let ingest's role log in with this password."""
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(INGEST), password)
    )


def grant(
    connection: Connection,
    login: str,
    project_ids: Sequence[str],
    *,
    may_change_issues: bool = False,
) -> str | None:
    """Let `login` read these projects too; returns the password of a login made for it.

    None for one that is there already: its password stays. With `may_change_issues` it also sets
    the status of their issues; a grant without it takes nothing back. UserError for a name that is
    not for BI logins.
    """
    with connection.transaction():
        password = None
        if not _is_reader(connection, login):
            password = _make_login(connection, login)
        for project_id in project_ids:
            connection.execute(
                "INSERT INTO access.bi_grants AS it (login, project_id, may_change_issues)"
                " VALUES (%s, %s, %s) ON CONFLICT (login, project_id) DO UPDATE SET"
                " may_change_issues = it.may_change_issues OR EXCLUDED.may_change_issues",
                (login, project_id, may_change_issues),
            )
        _group(connection, login)
        if may_change_issues:
            connection.execute(
                sql.SQL("GRANT {} TO {}").format(
                    sql.Identifier(ISSUE_EDITORS), sql.Identifier(login)
                )
            )
    return password


def new_password_of(connection: Connection, login: str) -> str:
    """Replace the password of a BI login; connections that are open stay."""
    _check_reader(connection, login)
    password = new_password()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), password))
    return password


def revoke(connection: Connection, login: str, project_ids: Sequence[str]) -> None:
    """Take these projects from a BI login, at once for open connections too."""
    _check_reader(connection, login)
    with connection.transaction():
        connection.execute(
            "DELETE FROM access.bi_grants WHERE login = %s AND project_id = ANY (%s::uuid[])",
            (login, list(project_ids)),
        )
        _group(connection, login)


def drop(connection: Connection, login: str) -> None:
    """End a BI login: its grants, its connections, the login itself."""
    _check_reader(connection, login)
    role = sql.Identifier(login)
    with connection.transaction():
        connection.execute("DELETE FROM access.bi_grants WHERE login = %s", (login,))
        # Only members of a role may end its connections.
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,)
        )
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def projects_of(connection: Connection, login: str) -> list[str]:
    """Slugs of the projects that a BI login reads."""
    rows = connection.execute(
        "SELECT slug FROM access.bi_grants JOIN gosight.projects ON id = project_id"
        " WHERE login = %s ORDER BY slug",
        (login,),
    )
    return [slug for (slug,) in rows.fetchall()]


def dsn_of(owner_dsn: str, login: str, password: str) -> str:
    """The owner's URL with another user in it; what names the owner stands in its query too."""
    parts = urlsplit(owner_dsn)
    place = parts.netloc.rpartition("@")[2]
    kept = "&".join(one for one in parts.query.split("&") if one.split("=")[0] not in OF_THE_OWNER)
    return urlunsplit(parts._replace(netloc=f"{login}:{password}@{place}", query=kept))


def _make_login(connection: Connection, login: str) -> str:
    if not LOGIN_NAME.fullmatch(login):
        raise UserError(f"{login!r} is no name for a login: use a-z, 0-9 and _, a letter first")
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone():
        raise UserError(f"the role {login!r} is there already and no BI login: choose another name")
    password = new_password()
    role = sql.Identifier(login)
    # What an earlier login of this name might read is none of this one's business.
    connection.execute("DELETE FROM access.bi_grants WHERE login = %s", (login,))
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} CONNECTION LIMIT {} IN ROLE {}").format(
            role, password, CONNECTIONS, sql.Identifier(READERS_OF_ONE)
        )
    )
    for name, value in LOGIN_SETTINGS.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} TO {}").format(role, sql.Identifier(name), value)
        )
    return password


def _group(connection: Connection, login: str) -> None:
    """Put the login into the group that fits the number of its projects, out of the other."""
    ((projects,),) = connection.execute(
        "SELECT count(*) FROM access.bi_grants WHERE login = %s", (login,)
    ).fetchall()
    here, there = READERS_OF_ONE, READERS_OF_MANY
    if projects > 1:
        here, there = there, here
    role = sql.Identifier(login)
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(here), role))
    connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(there), role))


def _check_reader(connection: Connection, login: str) -> None:
    if not _is_reader(connection, login):
        raise UserError(f"{login!r} is no BI login: `hxi grant-bi` makes one")


def _is_reader(connection: Connection, login: str) -> bool:
    """Whether it is a login of a group; members by way of other roles do not count."""
    row = connection.execute(
        "SELECT 1 FROM pg_auth_members JOIN pg_roles AS it ON it.oid = member"
        " WHERE roleid = ANY (%s::regrole[]) AND it.rolname = %s AND it.rolcanlogin"
        " AND it.rolname <> current_user",
        ([READERS_OF_ONE, READERS_OF_MANY], login),
    ).fetchone()
    return row is not None
