"""Databases for the publish tests: migrated and staged once, copied for each test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from psycopg import sql

from hxi.admin import clients
from hxi.admin.folder import CHECKOUT
from hxi.admin.prepare import postgres_schemas
from orchestration.lease.publisher import publisher_connection
from orchestration.publish.landing_tables import follow_contract
from stack.embedded import Stack
from stack.stores import postgres as embedded
from tests.integration.publish.stand_in_marts import Marts
from tests.integration.publish.warehouse import Warehouse


@pytest.fixture(scope="session")
def admin_dsn(stores: Stack) -> str:
    """The embedded server as its superuser: the warehouse's owner may not make databases."""
    password = stores.passwords.postgres_admin
    return embedded.dsn(stores.ports.postgres, password, embedded.ADMIN, "postgres")


@pytest.fixture(scope="session")
def template(admin_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with every migration applied and the stage models built."""
    name = f"publish_{uuid4().hex}"
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dsn = admin_dsn.rsplit("/", 1)[0] + f"/{name}"
    postgres_schemas(dsn)
    with closing(publisher_connection(dsn)) as publisher, publisher.transaction():
        follow_contract(publisher)
    run_dbt(
        dsn, tmp_path_factory.mktemp("dbt"), "run", "--select", "path:dbt_project/models/publish"
    )
    return name


@contextmanager
def database(admin_dsn: str, template: str) -> Iterator[str]:
    """A database like the template, gone after the block."""
    name = sql.Identifier(f"publish_{uuid4().hex}")
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(statement.format(name, sql.Identifier(template)))
        yield admin_dsn.rsplit("/", 1)[0] + f"/{name.as_string().strip(chr(34))}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def served(admin_dsn: str, template: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser's connection, in autocommit mode, to a migrated database of the test's own."""
    with database(admin_dsn, template) as dsn, clients.postgres(dsn) as connection:
        yield connection


@pytest.fixture
def marts(clickhouse: Client) -> Iterator[Marts]:
    """Empty marts."""
    marts = Marts(clickhouse, f"marts_{uuid4().hex}")
    yield marts
    marts.drop()


@pytest.fixture
def warehouse(
    clickhouse: Client, marts: Marts, admin_dsn: str, template: str
) -> Iterator[Warehouse]:
    """Empty served tables and empty marts."""
    with database(admin_dsn, template) as dsn, clients.postgres(dsn) as connection:
        yield Warehouse(clickhouse, connection, dsn, marts)


@pytest.fixture
def fresh(clickhouse: Client, marts: Marts, admin_dsn: str, template: str) -> Iterator[Warehouse]:
    """The same marts and served tables nothing was published to: for what a first publish gives."""
    with database(admin_dsn, template) as dsn, clients.postgres(dsn) as connection:
        yield Warehouse(clickhouse, connection, dsn, marts)


def run_dbt(dsn: str, folder: Path, *arguments: str) -> None:
    """Run dbt's postgres target on a database, in a process of its own."""
    paths = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    finished = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, "--target", "postgres"],
        cwd=CHECKOUT,
        env={
            **os.environ,
            **paths,
            "DBT_PROFILES_DIR": str(CHECKOUT / "dbt_project"),
            "HXI_POSTGRES_DSN": dsn,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
