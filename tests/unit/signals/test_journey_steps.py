"""Journey steps: runs, dwell times and order."""

from orchestration.signals.journey_steps import SIGNAL
from tests.unit.signals.signal_events import SESSION, Row, at, detect, event, event_id


def view(offset_ms: int, number: int, path: str, **columns: object) -> Row:
    url = f"https://shop.test{path}?n={number}"
    return event("page_view", offset_ms, number, path=path, url=url, title=f"t{number}", **columns)


def steps(rows: list[Row]) -> list[tuple[object, ...]]:
    names = ("step", "path", "dwell_ms", "run_length")
    return [tuple(row[name] for name in names) for row in detect(SIGNAL, rows)]


def test_a_run_of_one_path_is_one_step_with_the_first_views_columns() -> None:
    rows = [view(0, 1, "/a"), view(10, 2, "/a"), view(30, 3, "/b"), event("click", 70, 4)]
    first, last = detect(SIGNAL, rows)
    assert first == {
        "project_id": "project-one",
        "session_id": SESSION,
        "step": 1,
        "path": "/a",
        "url": "https://shop.test/a?n=1",
        "title": "t1",
        "started_at": at(0),
        "dwell_ms": 30,
        "run_length": 2,
        "view_id": event_id(1),
    }
    assert (last["step"], last["path"], last["dwell_ms"]) == (2, "/b", 40)


def test_a_path_visited_again_is_a_step_again() -> None:
    rows = [view(0, 1, "/a"), view(1, 2, "/b"), view(2, 3, "/a")]
    assert steps(rows) == [(1, "/a", 1, 1), (2, "/b", 1, 1), (3, "/a", 0, 1)]


def test_two_tabs_of_one_session_interleaved_are_one_journey() -> None:
    rows = [view(0, 1, "/a"), view(5, 2, "/b"), view(7, 3, "/a"), view(9, 4, "/a")]
    assert steps(rows) == [(1, "/a", 5, 1), (2, "/b", 2, 1), (3, "/a", 2, 2)]


def test_views_of_an_unknown_page_are_a_step_of_their_own() -> None:
    rows = [view(0, 1, ""), view(1, 2, ""), view(2, 3, "/a"), view(3, 4, "")]
    assert steps(rows) == [(1, "", 2, 2), (2, "/a", 1, 1), (3, "", 0, 1)]


def test_the_last_step_lasts_until_the_sessions_last_event_of_any_type() -> None:
    assert steps([view(0, 1, "/a"), event("mouse_move", 5000, 2)]) == [(1, "/a", 5000, 1)]


def test_views_of_one_millisecond_are_ordered_by_id() -> None:
    assert [row[1] for row in steps([view(0, 2, "/b"), view(0, 1, "/a")])] == ["/a", "/b"]


def test_sessions_do_not_run_into_each_other() -> None:
    rows = [view(0, 1, "/a"), view(5, 2, "/a", session_id=event_id(500))]
    assert steps(rows) == [(1, "/a", 0, 1), (1, "/a", 0, 1)]


def test_a_session_without_page_views_has_no_steps() -> None:
    assert steps([event("click", 0, 1)]) == []
    assert steps([]) == []
