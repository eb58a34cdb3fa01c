"""What rows are to be built with, and whether all tables are there: why a run plans a session."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import Settings
from orchestration.project_settings import stored
from orchestration.rebuild.rules import rules_hash
from orchestration.transform.project import CLICKHOUSE

if TYPE_CHECKING:
    from orchestration.project_settings.overrides import Overrides


def settings(
    client: Client,
    connection: psycopg.Connection[Any],
    supposed: "Mapping[str, Overrides] | None" = None,
) -> Settings:
    """What rows are built with now. ProjectSettingsError for overrides that cannot be used.

    `supposed`: by project, what is taken as if it had set that too; SettingError as where it is.
    """
    rules = rules_hash()
    overrides = stored.of_all_projects(connection, client)
    if supposed:
        from orchestration.project_settings.overrides import checked

        overrides |= {
            name: checked(overrides.get(name, {}) | given) for name, given in supposed.items()
        }
    if not overrides:
        return Settings(default_hash=rules, project_hashes={})
    # Loads Polars, as `stored` did for these projects.
    from orchestration.project_settings.overrides import effective, project_hash

    return Settings(
        default_hash=rules,
        project_hashes={name: project_hash(rules, own) for name, own in overrides.items()},
        overrides={name: effective(own) for name, own in overrides.items()},
    )


def lacks_a_table(client: Client) -> bool:
    """Whether a table that runs rewrite in parts is not there: only a full plan fills it."""
    tables = client.query("SELECT database, name FROM system.tables").result_rows
    return not CLICKHOUSE.kept_tables() <= {(str(database), str(name)) for database, name in tables}
