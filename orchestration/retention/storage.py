"""How long each project keeps what: `storage` of `gosight.projects.settings` (spec 003 §3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

# What a project may say of its recordings; 'off' is obeyed at the door (docs/privacy.md).
REPLAY_MODES = ("keep", "off", "cold")
# What a project may say in days, and the limit it stands for.
DAYS = {"rawDays": "raw", "replayDays": "replay", "sessionDays": "marts"}
MAX_DAYS = 36_500.0


@dataclass(frozen=True)
class Storage:
    """A project's own; `days` by limit, of those that it sets."""

    days: Mapping[str, float]
    moves_replays: bool


def of_projects(connection: psycopg.Connection[Any]) -> dict[str, Storage]:
    """Those of projects that say anything; a value that cannot be used counts as unset."""
    rows = connection.execute(
        "SELECT id::text, settings->'storage' FROM gosight.projects WHERE settings ? 'storage'"
    ).fetchall()
    return {project_id: storage_of(stored) for project_id, stored in rows}


def storage_of(stored: object) -> Storage:
    """Of the JSON object `storage`."""
    said = stored if isinstance(stored, dict) else {}
    given = {limit: _days(said.get(name)) for name, limit in DAYS.items()}
    days = {limit: value for limit, value in given.items() if value is not None}
    return Storage(days, said.get("replay") == "cold")


def _days(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MAX_DAYS else None
