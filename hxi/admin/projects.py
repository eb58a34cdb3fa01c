"""Projects and their keys in PostgreSQL `gosight`: the one place that makes or revokes a key."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hxi.admin.errors import UserError

KEY_START = "gs_"
RANDOM_BYTES = 32  # 43 URL-safe characters
DEFAULT_LIMIT = 1000  # spec 003 §4.3: batches a second
PREFIX_LENGTH = 12  # width of gosight.api_keys.key_prefix

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Project:
    """One row per project; `keys` are the prefixes of those that ingest accepts, oldest first."""

    id: str
    slug: str
    name: str
    created_at: datetime
    keys: list[str]


def new_key() -> str:
    """A key as its owner gets it, once."""
    return KEY_START + secrets.token_urlsafe(RANDOM_BYTES)


def hash_key(key: str) -> str:
    """What is stored instead of the key."""
    return hashlib.sha256(key.encode()).hexdigest()


def create(connection: Connection, name: str) -> tuple[str, str, str]:
    """Make a project and a first key; returns (project id, slug, key)."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:100]
    if not slug or len(name) > 255:
        raise UserError("a project's name needs a letter or digit and at most 255 characters")
    with connection.transaction():
        try:
            ((project_id,),) = connection.execute(
                "INSERT INTO gosight.projects (name, slug) VALUES (%s, %s) RETURNING id::text",
                (name, slug),
            ).fetchall()
        except psycopg.errors.UniqueViolation:
            raise UserError(f"project {slug!r} exists already: choose another name") from None
        return project_id, slug, add_key(connection, project_id)


def add_key(
    connection: Connection,
    project_id: str,
    name: str = "Default",
    *,
    permissions: Sequence[str] = ("write",),
    limit: int | None = DEFAULT_LIMIT,
    expires_at: datetime | None = None,
) -> str:
    """One more key of a project; `limit` is batches a second, None: as many as come."""
    key = new_key()
    connection.execute(
        "INSERT INTO gosight.api_keys (project_id, key_hash, key_prefix, name, permissions,"
        " rate_limit, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            *(project_id, hash_key(key), key[:PREFIX_LENGTH], name),
            *(list(permissions), limit, expires_at),
        ),
    )
    return key


def find(connection: Connection, project: str) -> str:
    """The id of a project given by slug or id; UserError when there is none."""
    row = connection.execute(
        "SELECT id::text FROM gosight.projects WHERE slug = %(it)s OR id::text = %(it)s",
        {"it": project},
    ).fetchone()
    if row is None:
        raise UserError(f"no project {project!r}: see `hxi project list`")
    return str(row[0])


def overrides(connection: Connection, project_id: str) -> Any:
    """What the project has set of the warehouse's settings, as JSON, unchecked; {}: nothing.

    Locked until the transaction ends.
    """
    ((stored,),) = connection.execute(
        "SELECT settings->'warehouse' FROM gosight.projects WHERE id = %s FOR UPDATE", (project_id,)
    ).fetchall()
    return {} if stored is None else stored


def store_overrides(connection: Connection, project_id: str, values: dict[str, Any]) -> None:
    """Replace all of them; the project's other settings stay."""
    store_section(connection, project_id, "warehouse", values)


def section(connection: Connection, project_id: str, name: str) -> dict[str, Any]:
    """A part of the project's settings, as `storage`; {}: nothing is set."""
    ((stored,),) = connection.execute(
        "SELECT settings->%s FROM gosight.projects WHERE id = %s", (name, project_id)
    ).fetchall()
    return stored if isinstance(stored, dict) else {}


def store_section(
    connection: Connection, project_id: str, name: str, values: dict[str, Any]
) -> None:
    """Replace a part of the project's settings; its others stay."""
    connection.execute(
        "UPDATE gosight.projects SET updated_at = now(), settings = coalesce(settings, '{}')"
        " - %s || %s WHERE id = %s",
        (name, Jsonb({name: values} if values else {}), project_id),
    )


def allow_domains(connection: Connection, project_id: str, domains: Sequence[str]) -> None:
    """Pages of which domains may send; none: all."""
    connection.execute(
        "UPDATE gosight.projects SET allowed_domains = %s, updated_at = now() WHERE id = %s",
        (list(domains), project_id),
    )


def allowed_domains(connection: Connection, project_id: str) -> list[str]:
    """The domains whose pages may send; none: all."""
    ((domains,),) = connection.execute(
        "SELECT coalesce(allowed_domains, '{}') FROM gosight.projects WHERE id = %s", (project_id,)
    ).fetchall()
    return list(domains)


def all_projects(connection: Connection) -> list[Project]:
    """All of them, oldest first."""
    with connection.cursor(row_factory=class_row(Project)) as cursor:
        return cursor.execute(
            """
            SELECT p.id::text AS id, p.slug, p.name, p.created_at,
                   coalesce(array_agg(k.key_prefix ORDER BY k.created_at)
                            FILTER (WHERE k.is_active), '{}') AS keys
            FROM gosight.projects p LEFT JOIN gosight.api_keys k ON k.project_id = p.id
            GROUP BY p.id ORDER BY p.created_at, p.id
            """
        ).fetchall()


def revoke(connection: Connection, prefix: str) -> tuple[str, str]:
    """Switch off the one active key that starts so; returns its stored prefix and its hash.

    The whole key may be given too. UserError when none or more than one fits.
    """
    rows = connection.execute(
        """
        SELECT id, key_prefix, key_hash FROM gosight.api_keys
        WHERE is_active AND (starts_with(key_prefix, %(given)s) OR key_hash = %(hash)s)
        """,
        {"given": prefix, "hash": hash_key(prefix)},
    ).fetchall()
    if not rows or len(prefix) <= len(KEY_START):
        raise UserError(
            f"no active key starts with {prefix[:PREFIX_LENGTH]!r}: see `hxi project list`"
        )
    if len(rows) > 1:
        raise UserError(f"{len(rows)} active keys start with {prefix!r}: give more characters")
    key_id, stored, key_hash = rows[0]
    connection.execute("UPDATE gosight.api_keys SET is_active = FALSE WHERE id = %s", (key_id,))
    return str(stored), str(key_hash)


def accepts(connection: Connection, project_id: str, key: str) -> bool:
    """Whether ingest would take this key for this project."""
    row = connection.execute(
        "SELECT 1 FROM gosight.api_keys WHERE key_hash = %s AND project_id = %s AND is_active",
        (hash_key(key), project_id),
    ).fetchone()
    return row is not None
