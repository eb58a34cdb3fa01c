"""Which collections of derived documents are kept: `HXI_DERIVED_DOCUMENTS`."""

import os
from collections.abc import Mapping

from orchestration.documents.collection import Derived
from orchestration.documents.collections import DERIVED
from orchestration.stores.settings import SettingsError

VARIABLE = "HXI_DERIVED_DOCUMENTS"
ALL, NONE = "all", "none"


def wanted(environment: Mapping[str, str] = os.environ) -> tuple[Derived, ...]:
    """`all` (the default), `none`, or names with commas between; SettingsError for another."""
    text = environment.get(VARIABLE, "").strip() or ALL
    if text in (ALL, NONE):
        return DERIVED if text == ALL else ()
    names = {name.strip() for name in text.split(",")}
    known = {derived.name for derived in DERIVED}
    if unknown := sorted(names - known):
        raise SettingsError(
            f"{VARIABLE} names {unknown[0]!r}: it may be {ALL}, {NONE},"
            f" or some of {', '.join(sorted(known))}"
        )
    return tuple(derived for derived in DERIVED if derived.name in names)
