"""Slow, literal readings of the rules of signals: what they find in a session's events."""

import gzip
import json
from collections import Counter, defaultdict
from itertools import pairwise
from math import acos, degrees, hypot
from urllib.parse import unquote, urlsplit

from gosight.events_pb2 import Event, EventType

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


def rage(events: list[Event]) -> Found:
    found: Found = Counter()
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in left_clicks(events):
        target = event.click.target
        text = target.tag == "input" and target.attributes.get("type", "text") not in INPUT_LIKE
        if not text:
            groups[cleaned(event), target.selector].append(event)
    for (path, selector), clicks in groups.items():
        burst: list[Event] = []
        for click in [*clicks, None]:
            if click is not None and burst:
                first, last = burst[0].click.position, click.click.position
                near = hypot(first.x - last.x, first.y - last.y) <= 50
                if near and at(click) - at(burst[-1]) <= 1_000:
                    burst.append(click)
                    continue
            if len(burst) >= 3:
                found[path, at(burst[0]), selector, len(burst)] += 1
            burst = [click] if click is not None else []
    return found


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


def dead(events: list[Event]) -> Found:
    return Counter({(*row[:3], 1): count for row, count in graded(events).items()})


def error_clicks(events: list[Event]) -> Found:
    errors: dict[str, int] = Counter()
    by_id = {e.event_id: e for e in events}
    for index, event in enumerate(events):
        if name(event) not in ("js_error", "unhandled_rejection"):
            continue
        before = [c for c in left_clicks(events[:index]) if cleaned(c) == cleaned(event)]
        if before and at(event) - at(before[-1]) <= 1_000:
            errors[before[-1].event_id] += 1
    found: Found = Counter()
    for event_id, count in errors.items():
        click = by_id[event_id]
        found[cleaned(click), at(click), click.click.target.selector, count] += 1
    return found


def views_with(events: list[Event]) -> list[tuple[Event, list[Event]]]:
    """Each page view with the later events of its path, up to the next view of that path."""
    views: list[tuple[Event, list[Event]]] = []
    open_views: dict[str, list[Event]] = {}
    ahead = sorted(events, key=lambda e: (at(e), name(e) != "page_view"))
    for event in ahead:
        if name(event) == "page_view":
            open_views[cleaned(event)] = []
            views.append((event, open_views[cleaned(event)]))
        elif cleaned(event) in open_views:
            open_views[cleaned(event)].append(event)
    return views


def slow(events: list[Event]) -> Found:
    found: Found = Counter()
    for view, inside in views_with(events):
        timings = [e.performance for e in inside if name(e) in ("page_load", "web_vitals")]
        lcp = [
            t.largest_contentful_paint for t in timings if t.HasField("largest_contentful_paint")
        ]
        bad_lcp = bool(lcp) and max(lcp) > 4_000
        if bad_lcp or any(t.ttfb > 1_800 or t.load_complete > 6_000 for t in timings):
            found[cleaned(view), at(view), "", 1] += 1
    return found


def abandoned(events: list[Event]) -> Found:
    found: Found = Counter()
    for _, inside in views_with(events):
        changes = [e for e in inside if name(e) == "input_change"]
        if changes and not any(name(e) == "form_submit" for e in inside):
            found[cleaned(changes[0]), at(changes[0]), "", 1] += 1
    return found


def u_turns(events: list[Event]) -> Found:
    steps: list[Event] = []
    for event in events:
        if name(event) == "page_view" and (not steps or cleaned(steps[-1]) != cleaned(event)):
            steps.append(event)
    found: Found = Counter()
    for first, middle, third in zip(steps, steps[1:], steps[2:], strict=False):
        stay = [
            e for e in events if at(middle) <= at(e) <= at(third) and cleaned(e) == cleaned(middle)
        ]
        submitted = any(name(e) == "form_submit" for e in stay)
        if cleaned(first) == cleaned(third) and at(third) - at(middle) <= 10_000 and not submitted:
            found[cleaned(middle), at(first), "", 1] += 1
    return found


def thrashes(events: list[Event]) -> Found:
    """The reversals of a whole session's pointer are enough for one window at a time."""
    moves = [
        (at(e) + p.timestamp, p.x, p.y, at(e), cleaned(e))
        for e in events
        if name(e) == "mouse_move"
        for p in e.mouse_move.positions
    ]
    found: Found = Counter()
    start = 0
    for end in range(len(moves)):
        for begin in range(start, end):
            window = moves[begin : end + 1]
            span = window[-1][0] - window[0][0]
            if span < 2_000 or end - begin < 16:
                break
            if span <= 5_000 and _thrashed(window, span):
                found[window[-1][4], window[-1][3], "", 1] += 1
                start = end + 1
                break
    return found


def _thrashed(window: list[tuple[int, int, int, int, str]], span_ms: int) -> bool:
    legs = [(b[1] - a[1], b[2] - a[2]) for a, b in pairwise(window)]
    path = sum(hypot(*leg) for leg in legs)
    displacement = hypot(window[-1][1] - window[0][1], window[-1][2] - window[0][2])
    turns = 0
    for (ax, ay), (bx, by) in pairwise(legs):
        lengths = hypot(ax, ay), hypot(bx, by)
        if min(lengths) >= 30:
            cosine = (ax * bx + ay * by) / (lengths[0] * lengths[1])
            turns += degrees(acos(max(-1.0, min(1.0, cosine)))) > 120
    seconds = span_ms / 1000
    dense = len(window) / seconds >= 8
    return turns >= 10 and path / seconds >= 500 and path >= 4 * displacement and dense
