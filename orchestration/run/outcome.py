"""What became of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class RefreshFailedError(Exception):
    """A step failed; the message says why. What it left is repeated by the next run."""


class DocumentsFailedError(RefreshFailedError):
    """Every table is built and served; MongoDB's documents are behind until the next run."""


@dataclass(frozen=True)
class Refreshed:
    """What a run did. `failed_checks` are tests that found rows they should not.

    `written` are rows by stage; `seconds` by step; a step of dbt has `<step>/models` and
    `<step>/tests` too, sums over nodes that run side by side. `plan_id` is 0 where nothing is new.
    """

    planned_sessions: int = 0
    failed_checks: tuple[str, ...] = ()
    passed_checks: int = 0
    written: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    plan_id: int = 0
