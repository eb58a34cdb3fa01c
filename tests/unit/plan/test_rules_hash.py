"""What makes every session be planned: a change in anything rows are built with."""

from pathlib import Path

import pytest

from orchestration.settings import rules_hash

RULES = (
    "dbt_project.yml",
    "dbt_project/models/marts/sessions.sql",
    "dbt_project/macros/plan.sql",
    "dbt_project/seeds/weights.csv",
    "orchestration/signals/rage_click/transform.py",
    "orchestration/publish/landing.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One file of each kind of rule."""
    for name in RULES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("as it was")
    return tmp_path


@pytest.mark.parametrize("name", RULES)
def test_a_changed_rule_changes_the_hash(checkout: Path, name: str) -> None:
    before = rules_hash(checkout)
    (checkout / name).write_text("changed")

    assert rules_hash(checkout) != before


@pytest.mark.parametrize("name", RULES)
def test_a_renamed_rule_changes_the_hash(checkout: Path, name: str) -> None:
    before = rules_hash(checkout)
    file = checkout / name
    file.rename(file.with_stem(f"{file.stem}_2"))

    assert rules_hash(checkout) != before


def test_what_rows_are_not_built_with_changes_nothing(checkout: Path) -> None:
    before = rules_hash(checkout)
    (checkout / "README.md").write_text("new")

    assert rules_hash(checkout) == before
