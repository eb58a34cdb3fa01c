"""What a project may set, and what is said of anything else."""

import csv
import dataclasses
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.project_settings.__main__ import table
from orchestration.project_settings.catalogue import SIGNALS, catalogue, setting
from orchestration.project_settings.declaration import Integer, SettingError, Value
from orchestration.project_settings.overrides import checked, complete, effective, project_hash
from orchestration.signals.rage_click.schema import STRICT
from tests.integration.project_settings.changed_defaults import other_values

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "dbt_project"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def variables() -> dict[str, Value]:
    """The vars of dbt's project."""
    found: dict[str, Value] = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    return found


def test_every_threshold_var_and_weight_is_a_setting_with_its_default() -> None:
    fields = {
        f"{signal}.{field.name}": field.default
        for signal, schema in SIGNALS.items()
        for field in dataclasses.fields(schema)
    }
    with (MODELS / "seeds" / "experience_score_weights.csv").open(newline="") as file:
        weights = {f"weights.{row['code']}": int(row["weight"]) for row in csv.DictReader(file)}
    defaults = {name: one.default for name, one in catalogue().items()}
    assert defaults == fields | variables() | weights | {"rage_click.profile": "default"}


def test_every_signal_with_thresholds_is_among_the_settings() -> None:
    modules = (ROOT / "orchestration" / "signals").glob("*/__init__.py")
    named = {
        match[1] for file in modules if (match := re.search(r'name="(\w+)"', file.read_text()))
    }
    assert named == set(SIGNALS)


def test_every_setting_that_a_model_asks_for_is_a_var_and_none_reads_a_var_past_its_project() -> (
    None
):
    texts = {file: file.read_text() for file in MODELS.rglob("*.sql")}
    asked = {name for text in texts.values() for name in re.findall(r"setting\('([^']+)'\)", text)}
    assert asked
    assert asked <= variables().keys()
    past = [file.name for file, text in texts.items() if re.search(r"\bvar\(", text)]
    assert past == ["setting.sql"]


def test_defaults_are_allowed_values() -> None:
    for one in catalogue().values():
        assert one.checked(one.default) == one.default


def test_the_page_of_settings_has_the_table_of_them() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert table() in page, "run `python -m orchestration.project_settings` and paste its table"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"rage_click.min_click": 4}, "no setting 'rage_click.min_click': "),
        (
            {"rage_click.min_clicks": 1},
            "rage_click.min_clicks must be an integer from 2 to 100, not 1",
        ),
        ({"rage_click.min_clicks": "4"}, "rage_click.min_clicks must be an integer .*, not '4'"),
        ({"rage_click.min_clicks": True}, "rage_click.min_clicks must be an integer .*, not True"),
        ({"rage_click.min_clicks": 4.0}, "rage_click.min_clicks must be an integer .*, not 4.0"),
        ({"rage_click.min_clicks": None}, "rage_click.min_clicks must be .* to 100, not None"),
        ({"rage_click.profile": "lax"}, "rage_click.profile must be default or strict, not 'lax'"),
        ({"behaviour_states.enabled": 0}, "behaviour_states.enabled must be true or false, not 0"),
        ({"paths.id_rules": r"\d+"}, "paths.id_rules must be up to 50 regular expressions"),
        ({"paths.id_rules": ["a/b"]}, "without /, not "),
        ({"paths.id_rules": [""]}, "paths.id_rules must be "),
        ({"paths.id_rules": ["a\nb"]}, "printable"),
        (
            {"thrashed_cursor.max_window_ms": 1999},
            "min_window_ms must be at most .*, not 2,000 to 1,999",
        ),
        ({"engaged_ms_min": 60_001}, "engaged_ms_min must be at most very_engaged_ms_min"),
        ([], '"warehouse" must be an object'),
        (None, '"warehouse" must be an object'),
    ],
)
def test_what_is_not_allowed_is_told_in_one_line(stored: object, said: str) -> None:
    with pytest.raises(SettingError, match=said) as error:
        checked(stored)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(sorted(catalogue())) | st.text(max_size=5), JSON))
def test_whatever_is_stored_is_either_refused_or_of_the_declared_type(
    stored: dict[str, Value],
) -> None:
    try:
        overrides = checked(stored)
    except SettingError:
        return
    assert overrides == stored
    for name, value in effective(overrides).items():
        one = setting(name)
        assert isinstance(value, type(one.default)) or isinstance(one.kind, Integer)
        assert value != one.default
        # As ClickHouse hands it to signals and models.
        assert json.loads(json.dumps(value)) == value


@given(
    st.dictionaries(st.sampled_from(["u_turn.max_away_ms", "apdex_target_ms"]), st.integers(0, 9))
)
def test_projects_have_the_same_hash_if_and_only_if_their_values_are_the_same(
    values: dict[str, Value],
) -> None:
    other: dict[str, Value] = {"u_turn.max_away_ms": 3}
    same = effective(values) == effective(other)
    assert (project_hash("r", values) == project_hash("r", other)) is same
    assert (project_hash("r", values) == "r") is (not values)
    assert project_hash("r", other) != project_hash("s", other)


def test_another_value_of_any_setting_gives_another_hash_by_which_sessions_are_planned() -> None:
    values: dict[str, Value] = {**other_values(), "behaviour_states.enabled": False}
    hashes = {project_hash("r", {name: value}) for name, value in values.items()}
    assert len(hashes | {"r"}) == len(catalogue()), "of all but the profile, and of none"


def test_a_value_that_is_the_default_changes_nothing() -> None:
    overrides = checked({"apdex_target_ms": 500, "rage_click.profile": "default"})
    assert effective(overrides) == {}
    assert project_hash("r", overrides) == "r"


def test_a_profile_stands_for_its_values_and_what_is_named_goes_first() -> None:
    strict = {"rage_click.min_clicks": 5, "rage_click.max_duration_ms": 2000}
    assert effective({"rage_click.profile": "strict"}) == strict
    assert complete({"rage_click.profile": "strict"})["rage_click.min_clicks"] == STRICT.min_clicks
    named: dict[str, Value] = {
        "rage_click.profile": "strict",
        "rage_click.min_clicks": 3,
        "rage_click.max_duration_ms": None,
    }
    assert effective(checked(named)) == {}


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("apdex_target_ms", ["0"], 0),
        ("apdex_target_ms", ["1", "2"], 2),
        ("rage_click.max_duration_ms", ["none"], None),
        ("behaviour_states.enabled", ["false"], False),
        ("rage_click.profile", ["strict"], "strict"),
        ("paths.id_rules", [r"\d+", "a|b"], [r"\d+", "a|b"]),
        ("paths.id_rules", [""], []),
    ],
)
def test_what_a_person_writes_becomes_a_value(name: str, texts: list[str], value: Value) -> None:
    assert setting(name).parsed(texts) == value


@pytest.mark.parametrize("text", ["", "1_000", "1.5", "none", "²", "1e3"])
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="apdex_target_ms must be an integer"):
        setting("apdex_target_ms").parsed([text])
