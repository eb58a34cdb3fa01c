"""Each thing that the source documents name is filled or obeyed and shown, or is told not to be."""

import json
import re

import yaml

from hxi.admin.folder import CHECKOUT
from tests import documents_covered as covered
from tests import source_tables
from tests.integration.publish.documents import DEVIATIONS


def test_the_page_is_what_the_facts_say() -> None:
    assert covered.PAGE.read_text() == covered.page(), "run `python -m tests.documents_covered`"


def test_nothing_is_without_an_answer() -> None:
    without = [
        f"{at} {part}: {name}"
        for at, (_, things) in covered.places().items()
        for part, names in things.items()
        for name in names
        if covered.answer(at, part, name) is None
    ]
    assert not without


def test_an_answer_is_what_fills_it_and_a_test_or_a_reason() -> None:
    for row in covered.rows():
        assert bool(row.by and row.test) + bool(row.open) + bool(row.never) == 1, row
        assert (CHECKOUT / row.by).exists(), row
        path, _, name = row.test.partition("::")
        if row.test:
            assert f"def {name}" in (CHECKOUT / path).read_text(), row


def test_every_answer_is_about_something() -> None:
    things = covered.places()
    idle = [
        row
        for row in covered.rows()
        if not any(
            covered.answer(row.at, part, name) == row
            for part, names in things[row.at][1].items()
            for name in names
        )
    ]
    unknown = [
        (row.part, name)
        for row in covered.rows()
        for name in row.names
        if "*" not in (row.part, name) and name not in things[row.at][1][row.part]
    ]
    assert not idle + unknown


def test_what_nothing_can_fill_is_among_the_deviations() -> None:
    listed = {entry["why"] for entry in yaml.safe_load(DEVIATIONS.read_text())}
    assert {row.never for row in covered.rows() if row.never} <= listed


def test_settings_are_those_of_the_documents_default() -> None:
    said = source_tables.facts("postgresql", "gosight")["projects"]["columns"]["settings"]
    default = json.loads(said.partition(" DEFAULT ")[2].removesuffix("::jsonb").strip("'"))
    of_groups = covered.places()["settings"][1]
    assert {group: set(names) for group, names in default.items()} == {
        group: set(of_groups[group]) for group in default
    }


def test_keys_functions_triggers_types_and_policies_are_those_of_the_documents() -> None:
    gosight = source_tables.document("003_gosight.md").read_text()
    traceflow = source_tables.document("002_traceflow.md").read_text()
    _, rules = covered.places()["rules"]
    assert re.findall(r"^Key: +(\S+)", gosight, re.MULTILINE) == [*covered.places()["redis"][1]]
    assert re.findall(r"CREATE TYPE (\w+)", gosight) == rules["type"]
    functions = re.findall(r"FUNCTION (?:public\.)?(\w+)\(", traceflow)
    assert {*functions} <= {*rules["function"]}
    assert {*re.findall(r"CREATE TRIGGER (\w+)", traceflow)} <= {*rules["trigger"]}
    assert {*re.findall(r'CREATE POLICY "(.*)"', traceflow)} <= {*rules["policy"]}
