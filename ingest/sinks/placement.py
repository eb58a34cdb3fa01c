"""What kind of ClickHouse holds the warehouse, and the settings under which all of it is written.

Inserts that are equal to an earlier one stay, wherever: replicated and Cloud tables drop a block of
rows that equals one of the last hour, but a repeated block means something here (rows of a session
counted again, a signal deleted and found again), and what may not be there twice has a key.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from clickhouse_connect.driver.client import Client

from ingest.errors import SettingsError

VARIABLE = "HXI_CLICKHOUSE_PLACEMENT"
# The first is the newer one; where it exists the other is not enough.
DEDUPLICATION = {"deduplicate_insert": "disable", "insert_deduplicate": "0"}


def interface_of(url: str) -> str:
    """`http` or `https`, as the address says: the driver itself goes by the port alone."""
    return "https" if url.startswith("https:") else "http"


class Placement(StrEnum):
    """One server; servers that replicate each other; ClickHouse Cloud."""

    SINGLE = "single"
    REPLICATED = "replicated"
    CLOUD = "cloud"


# One node writes, any may be read. A delete names its rows by a query of the plan's own rows, so
# every replica finds the same ones, and it is waited for on all of them, as DDL is.
SETTINGS: dict[Placement, dict[str, Any]] = {
    Placement.SINGLE: {},
    Placement.REPLICATED: {
        "allow_nondeterministic_mutations": 1,
        "alter_sync": 2,
        "mutations_sync": 2,
        "lightweight_deletes_sync": 2,
        "database_replicated_enforce_synchronous_settings": 1,
    },
    # Its replicas share their parts; a reader of another one waits for what was written before.
    Placement.CLOUD: {
        "allow_nondeterministic_mutations": 1,
        "select_sequential_consistency": 1,
    },
}


def placement(environment: Mapping[str, str] = os.environ) -> Placement:
    """SettingsError when the variable says something else."""
    text = environment.get(VARIABLE, "") or Placement.SINGLE
    if text not in set(Placement):
        raise SettingsError(f"{VARIABLE} must be one of {', '.join(Placement)}, not {text!r}")
    return Placement(text)


def as_writer(client: Client) -> Client:
    """The same client, under the settings of the placement; its inserts keep equal blocks."""
    deduplication = next(name for name in DEDUPLICATION if name in client.server_settings)
    wanted = {deduplication: DEDUPLICATION[deduplication], **SETTINGS[placement()]}
    for name, value in wanted.items():
        client.set_client_setting(name, value)
    return client
