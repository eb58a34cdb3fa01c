"""The pages of rules name every setting, and the public report that taught each rule of dirt."""

import re
from pathlib import Path

import pytest

from orchestration.project_settings.catalogue import WEIGHTS, catalogue

DOCS = Path(__file__).resolve().parents[3] / "docs"
EVENTS, SIGNALS = ((DOCS / name).read_text() for name in ("events.md", "signals.md"))
# owner/repository#number, as it is cited.
REPORT = re.compile(r"\b[\w.-]+/[\w.-]+#\d+")


def rules() -> list[str]:
    """Bullets, paragraphs and rows of tables."""
    return re.split(r"\n(?=- |\| )|\n\n", EVENTS + "\n\n" + SIGNALS)


@pytest.mark.parametrize("name", [one for one in catalogue() if not one.startswith(WEIGHTS)])
def test_every_setting_is_named_beside_its_rule(name: str) -> None:
    wildcard = f"`{name.partition('.')[0]}.*`"
    assert f"`{name}`" in EVENTS + SIGNALS or wildcard in EVENTS


def test_every_rule_of_events_that_has_a_setting_tells_the_report_that_taught_it() -> None:
    named = [rule for rule in rules() if re.search(r"\b[Ss]ettings? `", rule)]
    assert len(named) >= 10
    assert [rule for rule in named if not REPORT.search(rule)] == []


def test_what_public_reports_taught_names_one_in_each_row() -> None:
    _, _, table = SIGNALS.partition("## What public reports taught")
    rows = table.partition("\n## ")[0].strip().splitlines()[2:]
    assert len(rows) > 8
    assert [row for row in rows if not REPORT.search(row)] == []
