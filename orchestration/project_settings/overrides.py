"""A project's overrides: what PostgreSQL holds of them, checked, and the values that remain."""

import hashlib
import json
from collections.abc import Mapping
from typing import TypeAlias

from orchestration.project_settings.catalogue import (
    ORDERED,
    PROFILE,
    catalogue,
    profile_values,
    setting,
)
from orchestration.project_settings.declaration import SettingError, Value

Overrides: TypeAlias = dict[str, Value]
"""Name -> value, as a project has set them."""


def checked(stored: object) -> Overrides:
    """What `gosight.projects.settings` has under `warehouse`; SettingError names what is wrong."""
    if not isinstance(stored, Mapping):
        raise SettingError('"warehouse" must be an object of names and values')
    overrides = {name: setting(name).checked(value) for name, value in sorted(stored.items())}
    values = complete(overrides)
    for lower, upper in ORDERED:
        if not values[lower] <= values[upper]:  # type: ignore[operator] # both are integers
            raise SettingError(
                f"{lower} must be at most {upper}, not {values[lower]:,} to {values[upper]:,}"
            )
    return overrides


def complete(overrides: Overrides) -> Overrides:
    """The value of every setting, by name; the profile is named and what it stands for is set."""
    defaults = {name: one.default for name, one in catalogue().items()}
    return defaults | overrides | _values(overrides)


def effective(overrides: Overrides) -> Overrides:
    """The values that rows are built with where they differ from the defaults; no profile."""
    settings = catalogue()
    return {
        name: value
        for name, value in sorted(_values(overrides).items())
        if value != settings[name].default
    }


def project_hash(rules: str, overrides: Overrides) -> str:
    """What a project's rows are built with: the rules' hash where nothing differs."""
    different = effective(overrides)
    if not different:
        return rules
    return hashlib.sha256(f"{rules} {json.dumps(different)}".encode()).hexdigest()[:16]


def _values(overrides: Overrides) -> Overrides:
    """With what the profile stands for, instead of the profile."""
    named = dict(overrides)
    profile = named.pop(PROFILE, None)
    return named if profile is None else profile_values(str(profile)) | named
