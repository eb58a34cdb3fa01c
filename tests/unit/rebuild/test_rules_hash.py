"""What makes every session be planned: a change in anything rows are built with."""

from pathlib import Path

import pytest

from orchestration.rebuild.rules import rules_hash

# A file of each kind of rule: as it is, as it is too with other comments, and changed.
RULES = {
    "dbt_project.yml": ("vars: {a: 1}", "vars:\n  a: 1 # one", "vars: {a: 2}"),
    "dbt_project/models/marts/sessions.sql": (
        "select '--' as a, b from c",
        "{#- One\n row. -#}\nselect '--' as a, -- it's b\n    b from /* all */ c",
        "select '-- ' as a, b from c",
    ),
    "dbt_project/models/publish/landing.yml": (
        "a: [{name: b, description: B.}]",
        "a:\n  - {name: b, description: Another.} # b",
        "a: [{name: c, description: B.}]",
    ),
    "dbt_project/macros/plan.sql": ("{% macro a() %}", "{% macro  a() %}", "{% macro b() %}"),
    "dbt_project/seeds/weights.csv": ("code,weight\na,1", "code,weight\na,1", "code,weight\na,2"),
    "orchestration/signals/rage_click/transform.py": (
        "def f(x): return x > 1",
        'def f(x):\n    """Says."""\n    return x > 1  # why',
        "def f(x): return x > 2",
    ),
    "orchestration/publish/landing.py": ('A = ["a"]', '# A.\nA = ["a"]', 'A = ["b"]'),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One file of each kind of rule."""
    for name, (as_it_is, *_) in RULES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_it_is)
    return tmp_path


@pytest.mark.parametrize("name", RULES)
def test_a_changed_rule_changes_the_hash(checkout: Path, name: str) -> None:
    before = rules_hash(checkout)
    (checkout / name).write_text(RULES[name][2])

    assert rules_hash(checkout) != before


@pytest.mark.parametrize("name", RULES)
def test_a_comment_changes_nothing(checkout: Path, name: str) -> None:
    before = rules_hash(checkout)
    (checkout / name).write_text(RULES[name][1])

    assert rules_hash(checkout) == before


@pytest.mark.parametrize("name", RULES)
def test_a_renamed_rule_changes_the_hash(checkout: Path, name: str) -> None:
    before = rules_hash(checkout)
    file = checkout / name
    file.rename(file.with_stem(f"{file.stem}_2"))

    assert rules_hash(checkout) != before


def test_what_rows_are_not_built_with_changes_nothing(checkout: Path) -> None:
    before = rules_hash(checkout)
    (checkout / "README.md").write_text("new")
    (checkout / "dbt_project/models/marts/sessions.yml").write_text("models: []")

    assert rules_hash(checkout) == before
