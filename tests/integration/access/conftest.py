"""A database as a server of one's own has it: hardened by its superuser, then only its owner's."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from hxi.admin import clients
from hxi.admin.prepare import postgres_schemas
from stack.embedded import Stack
from stack.stores import postgres as embedded
from tests.integration.access.two_projects import TwoProjects, fill, forget_logins


@pytest.fixture(scope="session")
def two(stores: Stack) -> Iterator[TwoProjects]:
    """Migrated and filled by the owner, who is no superuser."""
    port, passwords = stores.ports.postgres, stores.passwords
    name = f"access_{uuid4().hex}"
    server = embedded.dsn(port, passwords.postgres_admin, embedded.ADMIN, "postgres")
    admin_dsn = embedded.dsn(port, passwords.postgres_admin, embedded.ADMIN, name)
    dsn = embedded.dsn(port, passwords.postgres, database=name)
    database, owner = sql.Identifier(name), sql.Identifier(embedded.OWNER)
    # Nothing stays connected meanwhile: other tests kill the server.
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    with psycopg.connect(admin_dsn, autocommit=True) as inside:
        inside.execute(embedded.HARDENING.read_bytes())
    postgres_schemas(dsn)
    with clients.postgres(dsn) as connection:
        filled = TwoProjects(dsn, admin_dsn, *fill(connection, dsn))
    yield filled
    with clients.postgres(dsn) as connection:
        forget_logins(connection, filled)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture
def owner(two: TwoProjects) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, autocommit."""
    with clients.postgres(two.dsn) as connection:
        yield connection


@pytest.fixture
def reader(two: TwoProjects) -> Iterator[psycopg.Connection[Any]]:
    """The BI login of our project, autocommit."""
    with psycopg.connect(two.ours.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(two: TwoProjects) -> Iterator[psycopg.Connection[Any]]:
    """The superuser, for what must be there to be hidden."""
    with psycopg.connect(two.admin_dsn, autocommit=True) as connection:
        yield connection
