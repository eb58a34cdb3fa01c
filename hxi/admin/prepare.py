"""Makes empty stores ready for the warehouse: schemas, indexes, the default project and its key."""

import importlib.util
from dataclasses import dataclass

import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pymongo.errors import PyMongoError

from hxi.admin import clients, placement, projects
from hxi.admin.errors import StoreDownError
from hxi.admin.folder import CHECKOUT, DataFolder, write_private
from hxi.admin.migrations import ClickHouseTarget, Migration, PostgresTarget, migrate

DEFAULT_PROJECT = "default"
# Component (its name in the history) -> folder; in the order they are applied.
CLICKHOUSE_COMPONENTS = {
    "raw": "ingest/schema/clickhouse",
    "ops": "orchestration/plan/schema/clickhouse",
    "signals": "orchestration/signals/schema/clickhouse",
    "documents": "orchestration/documents/schema/clickhouse",
}
POSTGRES_COMPONENTS = {
    "gosight": "ingest/schema/postgres",
    "ops": "orchestration/plan/schema/postgres",
    "alerts": "orchestration/alerts/schema/postgres",
    "reports": "orchestration/reports/schema/postgres",
    "publish": "orchestration/publish/schema/postgres",
    "erasure": "orchestration/erasure/schema/postgres",
    "ai": "orchestration/ai/schema/postgres",
}


@dataclass(frozen=True)
class DefaultProject:
    """What a client needs to send events without making a project first."""

    id: str
    key: str


def prepare(
    folder: DataFolder, clickhouse_url: str, mongodb_uri: str, postgres_dsn: str
) -> DefaultProject:
    """Safe to repeat. MigrationError or StoreDownError when a store cannot be made ready."""
    try:
        clickhouse_schemas(clickhouse_url)
        with clients.mongodb(mongodb_uri) as mongo:
            if importlib.util.find_spec("ingest.schema.mongo") is not None:
                importlib.import_module("ingest.schema.mongo").prepare(mongo)
        postgres_schemas(postgres_dsn)
        return default_project(folder, postgres_dsn)
    except (ClickHouseError, PyMongoError, psycopg.OperationalError) as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise StoreDownError(f"a store failed while it was prepared: {reason}") from error


def clickhouse_schemas(url: str) -> list[Migration]:
    """Bring every ClickHouse component to its latest version; returns what was run.

    PlacementError when the server is not what HXI_CLICKHOUSE_PLACEMENT says.
    """
    with clients.clickhouse(url) as client:
        return clickhouse_schemas_through(client)


def clickhouse_schemas_through(client: Client) -> list[Migration]:
    """The same with a client that is there already."""
    where = placement.chosen()
    placement.require(client, where)
    placement.make_databases(client, where)
    target = ClickHouseTarget(client, where)
    return [
        migration
        for name, folder in CLICKHOUSE_COMPONENTS.items()
        for migration in migrate(target, name, CHECKOUT / folder)
    ]


def postgres_schemas(dsn: str) -> list[Migration]:
    """Bring every PostgreSQL component to its latest version; returns what was run."""
    with clients.postgres(dsn) as connection:
        target = PostgresTarget(connection)
        return [
            migration
            for name, folder in POSTGRES_COMPONENTS.items()
            for migration in migrate(target, name, CHECKOUT / folder)
        ]


def default_project(folder: DataFolder, dsn: str) -> DefaultProject:
    """The project `default`; its key is kept in the data folder, a lost or revoked one replaced."""
    key_file = folder.path / "project_key"
    with clients.postgres(dsn) as connection, connection.transaction():
        connection.execute(
            "INSERT INTO gosight.projects (name, slug) VALUES ('Default', %s)"
            " ON CONFLICT (slug) DO NOTHING",
            (DEFAULT_PROJECT,),
        )
        project_id = projects.find(connection, DEFAULT_PROJECT)
        key = key_file.read_text().strip() if key_file.exists() else ""
        if not projects.accepts(connection, project_id, key):
            key = projects.add_key(connection, project_id)
            write_private(key_file, key)
    return DefaultProject(project_id, key)
