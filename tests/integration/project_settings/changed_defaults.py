"""A checkout whose defaults are others: the warehouse that overridden rows are compared with."""

import csv
import re
import shutil
from pathlib import Path

import yaml

from orchestration.project_settings.catalogue import PROFILE, VARS, WEIGHTS_SEED, catalogue
from orchestration.project_settings.declaration import Integer, Setting, Truth, Value
from orchestration.project_settings.overrides import Overrides

OTHERS: Overrides = {
    "paths.id_rules": [r"\d+", "(?i)CART"],
    "endpoints.id_rules": ["products"],
    "users.nobody": [r"user-\d*[02468]"],
    "time_zone": "Europe/Berlin",
    "sessions.dimensions": ["plan", "app_version"],
}
ROOT = Path(__file__).resolve().parents[3]


def other_values() -> Overrides:
    """Of every setting a value that is not its default, but for two that would hide others."""
    hiding = (PROFILE, "behaviour_states.enabled")
    return {name: _other(name, one) for name, one in catalogue().items() if name not in hiding}


def checkout_with(folder: Path, values: Overrides) -> Path:
    """A copy of this checkout with these values as defaults."""
    for name in ("dbt_project", "orchestration"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / VARS, folder / VARS)
    for name in ("hxi", "simulate", "stack", "ingest", "proto"):
        (folder / name).symlink_to(ROOT / name)
    for source in (VARS, WEIGHTS_SEED):
        _rewrite(folder / source, values)
    for name, value in values.items():
        if catalogue()[name].source.endswith("schema.py"):
            _rewrite_field(folder / catalogue()[name].source, name.partition(".")[2], value)
    return folder


def _other(name: str, one: Setting) -> Value:
    if isinstance(one.kind, Integer):
        quarter = one.default // 4 if isinstance(one.default, int) else 1500
        return max(one.kind.at_least, quarter)
    if isinstance(one.kind, Truth):
        return not one.default
    return OTHERS[name]


def _rewrite(file: Path, values: Overrides) -> None:
    if file.suffix == ".yml":
        project = yaml.safe_load(file.read_text())
        own = {name: value for name, value in values.items() if name in project["vars"]}
        project["vars"] |= own
        file.write_text(yaml.safe_dump(project, sort_keys=False))
        return
    with file.open(newline="") as old:
        codes = [row["code"] for row in csv.DictReader(old)]
    with file.open("w", newline="") as new:
        csv.writer(new).writerows(
            [("code", "weight"), *((code, values[f"weights.{code}"]) for code in codes)]
        )


def _rewrite_field(file: Path, field: str, value: Value) -> None:
    text, found = re.subn(
        rf"^(    {field}: [^=]+ = ).*$", rf"\g<1>{value}", file.read_text(), flags=re.MULTILINE
    )
    assert found == 1, f"{file} does not declare {field} once"
    file.write_text(text)
