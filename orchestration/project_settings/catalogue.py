"""Every setting that a project may have of its own. docs/settings.md is written from this."""

import csv
import dataclasses
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from orchestration.project_settings.declaration import (
    Choice,
    Integer,
    Kind,
    Names,
    Patterns,
    Setting,
    SettingError,
    TimeZone,
    Truth,
    Value,
)
from orchestration.signals.dead_click.schema import DeadClickSettings
from orchestration.signals.error_click.schema import ErrorClickSettings
from orchestration.signals.form_abandonment.schema import FormAbandonmentSettings
from orchestration.signals.rage_click.schema import STRICT, RageClickSettings
from orchestration.signals.slow_page.schema import SlowPageSettings
from orchestration.signals.thrashed_cursor.schema import ThrashedCursorSettings
from orchestration.signals.u_turn.schema import UTurnSettings
from orchestration.stores.settings import CHECKOUT

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000

SIGNALS: Mapping[str, type[Any]] = {
    "rage_click": RageClickSettings,
    "error_click": ErrorClickSettings,
    "dead_click": DeadClickSettings,
    "thrashed_cursor": ThrashedCursorSettings,
    "u_turn": UTurnSettings,
    "slow_page": SlowPageSettings,
    "form_abandonment": FormAbandonmentSettings,
}
"""First part of the name -> whose fields are the second part, with their defaults."""

WEIGHTS = "weights"
WEIGHTS_SEED = "dbt_project/seeds/experience_score_weights.csv"
VARS = "dbt_project.yml"

# A profile stands for several values; those set by name go before its own.
PROFILE = "rage_click.profile"
PROFILES: Mapping[str, Any] = {"default": RageClickSettings(), "strict": STRICT}

# The first may not exceed the second.
ORDERED = (
    ("thrashed_cursor.min_window_ms", "thrashed_cursor.max_window_ms"),
    ("engaged_ms_min", "very_engaged_ms_min"),
)

# Name: values allowed, unit, effect. Where several are said, bounds are inclusive.
DECLARED: Mapping[str, tuple[Kind, str, str]] = {
    "paths.id_rules": (
        Patterns("one segment of a path"),
        "RE2, case-sensitive",
        "A segment of a page's path that one of them matches whole becomes `:id`",
    ),
    "users.nobody": (
        Patterns("a user id"),
        "RE2, lower case",
        "A user id that one of them matches whole names nobody",
    ),
    "time_zone": (TimeZone(), "", "Told with each day (`project_days`); days of marts are UTC"),
    "paths.hash_routes": (Truth(), "", "A fragment that begins with / or !/ belongs to the path"),
    "sessions.dimensions": (
        Names(5),
        "",
        "Custom dimensions that are `dimension_1` … `dimension_5` of sessions, in this order",
    ),
    "endpoints.id_rules": (
        Patterns("one segment of a path"),
        "RE2, case-sensitive",
        "As paths.id_rules, for the URLs of requests",
    ),
    "plausible.max_vital_ms": (Integer(1, 24 * HOUR), "ms", "A vital above it is not measured"),
    "plausible.max_request_ms": (
        Integer(1, 24 * HOUR),
        "ms",
        "The time of a request above it is not measured",
    ),
    "plausible.max_time_on_page_ms": (
        Integer(1, 365 * 24 * HOUR),
        "ms",
        "A time on page above it is not measured",
    ),
    "requests.cut_off_ms": (
        Integer(0, MINUTE),
        "ms",
        "A request without an answer so soon before its page is left was aborted, not failed",
    ),
    "page_views.same_view_ms": (
        Integer(0, MINUTE),
        "ms",
        "A page view so soon after another of its path is the same one, sent twice; 0: in one ms",
    ),
    "bots.counted": (Truth(), "", "`true`: bots are in aggregates, signals and scores, as people"),
    "foreign_errors.counted": (
        Truth(),
        "",
        "`true`: errors of browser extensions and ResizeObserver's notice count as the page's",
    ),
    "session.max_hours": (
        Integer(1, 8760),
        "hours",
        "Longer sessions are left out of averages of duration and engagement",
    ),
    "rage_click.profile": (
        Choice(tuple(PROFILES)),
        "",
        "`strict`: 5 clicks within 2 s, for pages where fast clicking is normal",
    ),
    "rage_click.min_clicks": (Integer(2, 100), "clicks", "A burst of so many is a rage click"),
    "rage_click.max_gap_ms": (Integer(1, MINUTE), "ms", "From one click of a burst to the next"),
    "rage_click.max_distance_px": (
        Integer(0, 10_000),
        "px",
        "From a burst's first click to each other one",
    ),
    "rage_click.max_answer_ms": (
        Integer(0, MINUTE),
        "ms",
        "A burst is none whose clicks are all answered so soon: a value or the page changes",
    ),
    "rage_click.max_duration_ms": (
        Integer(1, HOUR, or_none=True),
        "ms",
        "From a burst's first click to its last",
    ),
    "rage_click.selection_gap_ms": (
        Integer(0, MINUTE),
        "ms",
        "Three clicks on nothing interactive, each so soon after the last, select text",
    ),
    "rage_click.selection_distance_px": (
        Integer(0, 1000),
        "px",
        "And each so near the last",
    ),
    "error_click.max_delay_ms": (Integer(0, MINUTE), "ms", "From a click to its error"),
    "error_click.max_messages": (Integer(1, 1000), "messages", "Kept in the details of a row"),
    "error_click.max_message_chars": (Integer(1, 10_000), "characters", "Kept of each message"),
    "dead_click.window_ms": (Integer(1, MINUTE), "ms", "A reaction within it keeps a click alive"),
    "thrashed_cursor.min_window_ms": (Integer(1, MINUTE), "ms", "Shortest window"),
    "thrashed_cursor.max_window_ms": (Integer(1, MINUTE), "ms", "Longest window"),
    "thrashed_cursor.min_reversals": (Integer(1, 1000), "reversals", "In a window"),
    "thrashed_cursor.min_leg_px": (Integer(1, 10_000), "px", "Of both legs of a reversal"),
    "thrashed_cursor.min_speed_px_s": (Integer(0, 100_000), "px/s", "Mean speed in a window"),
    "thrashed_cursor.min_path_to_displacement": (
        Integer(1, 1000),
        "ratio",
        "Length of the way to the distance from its start to its end",
    ),
    "thrashed_cursor.min_samples_per_s": (
        Integer(1, 1000),
        "samples/s",
        "Below it a session cannot be judged",
    ),
    "u_turn.max_away_ms": (Integer(0, HOUR), "ms", "Spent on the page turned back from"),
    "slow_page.max_lcp_ms": (Integer(1, HOUR), "ms", "A view above it is slow"),
    "slow_page.max_ttfb_ms": (Integer(1, HOUR), "ms", "A view above it is slow"),
    "slow_page.max_load_complete_ms": (Integer(1, HOUR), "ms", "A view above it is slow"),
    "form_abandonment.max_gap_ms": (
        Integer(1, 24 * HOUR),
        "ms",
        "A view without any event for so long is left",
    ),
    "engaged_gap_cap_ms": (
        Integer(0, HOUR),
        "ms",
        "What a gap between two interactions adds to engaged_ms at most",
    ),
    "apdex_target_ms": (
        Integer(0, HOUR),
        "ms",
        "Requests are satisfied up to T and tolerating up to 4 T",
    ),
    "last_bad_window_ms": (
        Integer(0, HOUR),
        "ms",
        "A problem so soon before the end makes a session end badly",
    ),
    "slow_api_min_requests": (
        Integer(1, 10_000),
        "requests",
        "Sessions with fewer are not scored by their speed",
    ),
    "engaged_ms_min": (
        Integer(0, 24 * HOUR),
        "ms",
        "Behaviour states: engaged from here on, disengaged below",
    ),
    "very_engaged_ms_min": (
        Integer(0, 24 * HOUR),
        "ms",
        "Behaviour states: engaged by another point",
    ),
    "heatmap_grid_px": (Integer(1, 1000), "px", "Cells of click_heatmap_mv; rows of the other"),
    "behaviour_states.enabled": (Truth(), "", "`false`: the project's sessions get no state"),
    "outside_predictions.win": (
        Truth(),
        "",
        "A state written by an outside model goes before the rules'",
    ),
}


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Setting]:
    """All settings by name. Defaults stand in the signals' schemas, dbt's vars and the seed."""
    variables: dict[str, Value] = yaml.safe_load((CHECKOUT / VARS).read_text())["vars"]
    declared = (
        Setting(name, kind, unit, effect, *_default(name, variables))
        for name, (kind, unit, effect) in DECLARED.items()
    )
    return {setting.name: setting for setting in (*declared, *_weights())}


def setting(name: str) -> Setting:
    """The setting of this name; SettingError when there is none."""
    try:
        return catalogue()[name]
    except KeyError:
        raise SettingError(
            f"no setting {name!r}: `hxi project settings PROJECT` lists them"
        ) from None


def _default(name: str, variables: Mapping[str, Value]) -> tuple[Value, str]:
    signal, _, field = name.partition(".")
    if name == PROFILE:
        return "default", _schema(signal)
    if signal in SIGNALS:
        return getattr(SIGNALS[signal](), field), _schema(signal)
    return variables[name], VARS


def _schema(signal: str) -> str:
    return f"orchestration/signals/{signal}/schema.py"


def _weights() -> Iterator[Setting]:
    with (CHECKOUT / WEIGHTS_SEED).open(newline="") as file:
        for row in csv.DictReader(file):
            effect = f"Taken off the experience score by the first {row['code']} of a session"
            name = f"{WEIGHTS}.{row['code']}"
            yield Setting(name, Integer(0, 100), "points", effect, int(row["weight"]), WEIGHTS_SEED)


def profile_values(profile: str) -> dict[str, Value]:
    """What a profile stands for, by name."""
    values = dataclasses.asdict(PROFILES[profile])
    return {f"rage_click.{field}": value for field, value in values.items()}
