"""Declarations of the publish stage agree with the marts' contracts and with each other."""

import re

import pytest

from orchestration.publish.landing import MARTS, LandingTable
from orchestration.publish.tables import SERVED_TABLES, ServedTable
from tests.integration.publish.stand_in_marts import CONTRACTS


def names(expression: str) -> set[str]:
    """Names in a ClickHouse expression that are neither functions nor made up inside it."""
    code = re.sub(r"'[^']*'", "", expression)
    words = set(re.findall(r"\b[a-z_][a-z_0-9]*\b(?!\()", code))
    return words - {"digest", "NULL"}


@pytest.mark.parametrize("table", MARTS, ids=lambda table: table.name)
def test_only_columns_the_mart_promises_are_copied(table: LandingTable) -> None:
    read = set().union(*map(names, table.expressions()))
    assert read
    assert read <= CONTRACTS[table.name].keys()


def test_what_is_packed_comes_last_and_stays_packed_until_it_is_here() -> None:
    packed = {t.name: [c.name for c in t.columns if c.is_packed] for t in MARTS}
    assert {name: columns for name, columns in packed.items() if columns} == {
        "replay_chunks": ["chunk"]
    }
    (chunks,) = (table for table in MARTS if table.is_packed)
    assert list(chunks.expressions())[-1] == "if(problem = '', base64Encode(data), '')"


@pytest.mark.parametrize("table", SERVED_TABLES, ids=lambda table: table.name)
def test_what_people_and_services_own_is_not_derived(table: ServedTable) -> None:
    own = {*table.surrogate, *table.kept}
    assert {*table.key, *table.initial} <= {*table.columns}
    assert not own & {*table.columns}
