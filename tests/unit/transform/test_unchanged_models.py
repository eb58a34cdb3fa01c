"""What a dbt step reports when no row would be written."""

import dagster as dg

from orchestration.transform.assets import assets
from orchestration.transform.project import CLICKHOUSE
from orchestration.transform.reporting import unchanged
from orchestration.transform.specs import asset_key


def test_tables_are_told_after_those_they_read_through_models_that_leave_none() -> None:
    events, *_ = assets()
    nodes = CLICKHOUSE.manifest()["nodes"].values()
    tables = [one["unique_id"] for one in nodes if asset_key(one) in events.keys]

    told: list[dg.AssetKey] = [
        event.asset_key
        for event in unchanged(CLICKHOUSE.manifest(), tables)
        if isinstance(event, dg.MaterializeResult) and event.asset_key
    ]

    assert set(told) == set(events.keys)
    early = {
        key.to_user_string(): read.to_user_string()
        for number, key in enumerate(told)
        for read in events.asset_deps[key] & events.keys - set(told[:number])
    }
    assert early == {}
