"""The overrides a plan is built with, in ClickHouse, for models (macro `setting`) and signals.

They belong to a plan, so that rows are never built with other settings than its hashes say: `write`
is part of opening it, and a plan that is taken up again keeps its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.client import Client


def write(clickhouse: Client, plan_id: int, overrides: Mapping[str, Mapping[str, object]]) -> None:
    """What differs from the defaults, by project id: visible once the plan is.

    Needs those of plans that are not visible to be forgotten.
    """
    rows = [
        (project, name, json.dumps(value))
        for project, values in overrides.items()
        for name, value in values.items()
    ]
    if not rows:
        return
    projects, names, values = (list(column) for column in zip(*rows, strict=True))
    clickhouse.command(
        "INSERT INTO ops.plan_settings SELECT {plan:UInt64}, row.1, row.2, row.3 FROM (SELECT"
        " arrayJoin(arrayZip({projects:Array(String)}, {names:Array(String)},"
        " {values:Array(String)})) AS row)",
        parameters={"plan": plan_id, "projects": projects, "names": names, "values": values},
    )


Values = Mapping[str, Mapping[str, dict[str, Any]]]


def values_by_signal(clickhouse: Client) -> Values:
    """Values that differ from the defaults, as the plan has them.

    By signal (a name's first part), project id, then the name's second part.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for project, name, value in clickhouse.query(
        "SELECT project_id, name, value FROM ops.project_settings"
    ).result_rows:
        signal, _, rest = name.partition(".")
        found.setdefault(signal, {}).setdefault(project, {})[rest] = json.loads(value)
    return found
