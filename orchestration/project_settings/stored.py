"""Reads the overrides that people have set, from PostgreSQL."""

from typing import TYPE_CHECKING, Any

import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from orchestration.project_settings.declaration import SettingError

if TYPE_CHECKING:
    from orchestration.project_settings.overrides import Overrides

CANNOT_COMPILE_REGEXP = 427


class ProjectSettingsError(Exception):
    """A project's stored overrides cannot be used; one line names the project and the setting."""


def of_all_projects(
    connection: psycopg.Connection[Any], clickhouse: Client
) -> "dict[str, Overrides]":
    """Overrides by project id, of the projects that have any; all of them are checked."""
    stored_by_people = connection.execute(
        "SELECT id::text, slug, settings->'warehouse' FROM gosight.projects"
        " WHERE settings ? 'warehouse' ORDER BY id"
    ).fetchall()
    if not stored_by_people:
        return {}
    # The catalogue of settings loads every signal, and Polars with them.
    from orchestration.project_settings.overrides import checked

    found = {}
    for project_id, slug, stored in stored_by_people:
        try:
            found[project_id] = checked(stored)
            check_patterns(clickhouse, found[project_id])
        except SettingError as error:
            raise ProjectSettingsError(
                f"settings of project {slug}: {error}; correct them with `hxi project set {slug} …`"
                f" or `hxi project unset {slug} …`"
            ) from None
    return found


def check_patterns(clickhouse: Client, overrides: "Overrides") -> None:
    """SettingError for a regular expression that the engine cannot compile."""
    lists = [(name, value) for name, value in overrides.items() if isinstance(value, list)]
    for name, pattern in ((name, pattern) for name, patterns in lists for pattern in patterns):
        try:
            clickhouse.query("SELECT match('', {pattern:String})", parameters={"pattern": pattern})
        except DatabaseError as error:
            if f"code: {CANNOT_COMPILE_REGEXP}" not in str(error):
                raise
            raise SettingError(
                f"{name}: {pattern!r} is not a regular expression in RE2's syntax"
            ) from None
