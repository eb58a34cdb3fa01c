"""What a slow, literal reading of the rules of signals finds in events as they are sent."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from gosight.events_pb2 import Event, EventType, PerformancePayload

from tests.unit.signals import signal_reference as reference
from tests.unit.signals.signal_events import Row

Rule = Callable[[list[Row]], reference.Found]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Found = Counter[tuple[str, int, str, int]]  # (path, first event's ms, selector, count)
INPUT_LIKE = {"button", "submit", "checkbox", "radio"}
ROLES = {"button", "link", "checkbox", "radio", "tab", "menuitem"}
ANSWERS = ("page_view", "page_exit", "page_hidden", "custom", "scroll", "session_end",
           "fetch_request", "xhr_request", "input_change", "input_focus", "input_blur",
           "form_start", "form_submit", "form_error", "form_abandon")  # fmt: skip


def name(event: Event) -> str:
    return EventType.Name(event.event_type)[len("EVENT_TYPE_") :].lower()


def cleaned(event: Event) -> str:
    path = urlsplit(event.page.path or event.page.url).path
    _, mark, route = event.page.url.partition("#/")
    kept = path.rstrip("/") + mark + route.partition("?")[0].partition("#")[0]
    return unquote(kept) or "/"


def at(event: Event) -> int:
    return event.timestamp.millis


def left_clicks(events: list[Event]) -> list[Event]:
    return [e for e in events if name(e) == "click" and e.click.button == 0]


def without_dirt(events: list[Event]) -> list[Event]:
    """Of a view told twice the first; values that cannot be are none."""
    kept: list[Event] = []
    viewed: dict[str, int] = {}
    for event in events:
        if name(event) == "page_view":
            before = viewed.get(cleaned(event), -101)
            viewed[cleaned(event)] = at(event)
            if at(event) - before <= 100:
                continue
        if event.HasField("performance"):
            for field, value in event.performance.ListFields():
                if not 0 <= value <= 900_000:
                    event.performance.ClearField(field.name)
        if not 0 <= event.network_request.duration_ms <= 3_600_000:
            event.network_request.duration_ms = 0
        kept.append(event)
    return kept


def interactive(event: Event) -> bool:
    target = event.click.target
    if target.tag == "a" and urlsplit(target.href).hostname not in (None, "shop.example.test"):
        return False
    if target.tag in ("select", "video") or {"download", "target"} & set(target.attributes):
        return False
    return (
        target.tag in ("a", "button", "summary")
        or (target.tag == "input" and target.attributes.get("type", "") in INPUT_LIKE)
        or target.attributes.get("role", "") in ROLES
        or any(
            mark in one for one in target.classes for mark in ("btn", "button", "link", "clickable")
        )
    )


def frames(events: list[Event]) -> list[tuple[int, int, int | None]]:
    """When a recorder told of something, rrweb's type, and the source of an incremental one.

    A payload's first frame happened at the event's time, the others as long after it as they say.
    """
    told = []
    for event in events:
        if name(event) == "replay":
            data = event.replay.data
            plain = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            document = json.loads(plain)
            payload = document if isinstance(document, list) else [document]
            told += [
                (at(event) + one["timestamp"] - payload[0]["timestamp"], one["type"],
                 one["data"].get("source"))
                for one in payload
            ]  # fmt: skip
    return told


def graded(events: list[Event]) -> Counter[tuple[str, int, str, str]]:
    """Path, time, selector and grade of each dead click."""
    found: Counter[tuple[str, int, str, str]] = Counter()
    seen = frames(events)
    events = [e for e in events if name(e) != "replay"]
    last = max(map(at, events))
    answers = [
        at(e) - (e.network_request.duration_ms if e.HasField("network_request") else 0)
        for e in events
        if name(e) in ANSWERS
    ]
    answers += [when for when, kind, source in seen if kind == 3 and source in (0, 3, 14)]
    snapshots = [when for when, kind, _ in seen if kind == 2]
    for click in filter(interactive, left_clicks(events)):
        end = at(click) + 2_500
        if any(at(click) < moment <= end for moment in answers):
            continue
        covered = seen and min(snapshots) <= at(click) and max(seen)[0] >= end
        if covered or last >= end:
            grade = "observed" if covered else "inferred"
            found[cleaned(click), at(click), click.click.target.selector, grade] += 1
    return found


def one(_ids: list[str]) -> int:
    """Of what is found once."""
    return 1


# A kind's rule, which of the events found names it, and how many of them count.
READINGS: dict[str, tuple[Rule, int, Callable[[list[str]], int]]] = {
    "rage_click": (reference.rage_clicks, 0, len),
    "error_click": (reference.error_clicks, 0, lambda ids: len(ids) - 1),
    "slow_page": (reference.slow_pages, 0, one),
    "form_abandonment": (reference.form_abandonments, 0, one),
    "u_turn": (reference.u_turns, 0, one),
    "thrashed_cursor": (reference.thrashed_cursors, -1, one),
}


def read(events: list[Event], kind: str) -> Found:
    """What the rules in words find."""
    rule, named, count = READINGS[kind]
    by_id = {event.event_id: event for event in events}
    found: Found = Counter()
    for *_, path, ids in rule([_row(event, place) for place, event in enumerate(events)]):
        event = by_id[ids[named]]
        found[path, at(event), event.click.target.selector, count(ids)] += 1
    return found


def _row(event: Event, place: int) -> Row:
    """As `gosight.events` has it; `place`: in the order of the rules."""
    click, target, timing = event.click, event.click.target, event.performance
    moves = event.mouse_move.positions
    return {
        "project_id": "",
        "session_id": event.session_id,
        "event_id": event.event_id,
        "event_type": name(event),
        "timestamp": EPOCH + timedelta(milliseconds=at(event)),
        "sent_order": place,
        "path": cleaned(event),
        "click_button": "left" if click.button == 0 else "right",
        "click_x": click.position.x,
        "click_y": click.position.y,
        "target_selector": target.selector,
        "target_is_interactive": interactive(event),
        "target_is_editable": target.tag == "input"
        and target.attributes.get("type", "text") not in INPUT_LIKE,
        "move_x": [one.x for one in moves],
        "move_y": [one.y for one in moves],
        "move_t": [one.timestamp for one in moves],
        "lcp": _measured(timing, "largest_contentful_paint"),
        "ttfb": _measured(timing, "ttfb"),
        "load_complete": _measured(timing, "load_complete"),
    }


def _measured(timing: PerformancePayload, field: str) -> int | None:
    return getattr(timing, field) if timing.HasField(field) else None
