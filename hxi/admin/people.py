"""Accounts and who belongs to which project, in PostgreSQL `gosight` (spec 003 §4.1, §4.4)."""

from typing import Any

import psycopg
from argon2 import PasswordHasher

from hxi.admin.errors import UserError

ROLES = ("owner", "admin", "member", "viewer")
MIN_PASSWORD = 12

Connection = psycopg.Connection[Any]


def add_user(connection: Connection, email: str, password: str, name: str | None = None) -> str:
    """Make an account; returns its id. The password is kept as an Argon2id hash."""
    if "@" not in email.strip("@"):
        raise UserError(f"{email!r} is no e-mail address")
    if len(password) < MIN_PASSWORD:
        raise UserError(f"a password needs at least {MIN_PASSWORD} characters")
    try:
        ((user_id,),) = connection.execute(
            "INSERT INTO gosight.users (email, password_hash, name) VALUES (%s, %s, %s)"
            " RETURNING id::text",
            (email.lower(), PasswordHasher().hash(password), name),
        ).fetchall()
    except psycopg.errors.UniqueViolation:
        raise UserError(f"{email} has an account already") from None
    return str(user_id)


def add_member(connection: Connection, project_id: str, email: str, role: str) -> None:
    """Let the account belong to the project; a role it had there is replaced."""
    connection.execute(
        "INSERT INTO gosight.project_members (project_id, user_id, role) VALUES (%s, %s, %s)"
        " ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
        (project_id, _user(connection, email), role),
    )


def remove_member(connection: Connection, project_id: str, email: str) -> None:
    """End it; UserError when the account does not belong to the project."""
    removed = connection.execute(
        "DELETE FROM gosight.project_members WHERE project_id = %s AND user_id = %s",
        (project_id, _user(connection, email)),
    ).rowcount
    if not removed:
        raise UserError(f"{email} is no member of the project")


def _user(connection: Connection, email: str) -> str:
    row = connection.execute(
        "SELECT id::text FROM gosight.users WHERE email = %s", (email.lower(),)
    ).fetchone()
    if row is None:
        raise UserError(f"no account {email}: `hxi user add {email}` makes one")
    return str(row[0])
