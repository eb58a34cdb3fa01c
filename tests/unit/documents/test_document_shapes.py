"""Rows of marts as documents, and which collections are kept."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestration.documents import shapes
from orchestration.documents.collections import DERIVED
from orchestration.documents.switch import wanted
from orchestration.stores.settings import SettingsError

AT = datetime(2026, 1, 2, tzinfo=UTC)
OF_SESSION = {"project_id": "p", "session_id": "s"}


def test_an_event_carries_its_payload_as_an_object() -> None:
    row = OF_SESSION | {"event_id": "e", "timestamp": AT, "event_type": "click", "path": ""}
    document = shapes.session_event(row | {"payload": '{"position":{"x":1}}'})
    assert document == {
        "_id": "p:e",
        "projectId": "p",
        "sessionId": "s",
        "eventId": "e",
        "ts": AT,
        "type": "click",
        "screen": None,
        "payload": {"position": {"x": 1}},
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"a":{"$b":1}}', {"a": [{"k": "$b", "v": 1}]}),
        ('{"a":[{"b.c":1}]}', {"a": [[{"k": "b.c", "v": 1}]]}),
        ('{"a":18446744073709551615}', {"a": "18446744073709551615"}),
        ("[1]", {"text": "[1]"}),
        ("no JSON", {"text": "no JSON"}),
    ],
)
def test_what_mongodb_would_read_as_something_else_is_kept_as_pairs_or_text(
    text: str, kept: dict[str, Any]
) -> None:
    assert shapes.payload(text) == kept


def test_a_long_journey_is_cut_but_counted_whole() -> None:
    steps = [(1, "/a", AT), (2, "/b", AT)]
    document = shapes.journey(OF_SESSION | {"steps": steps, "step_count": 3, "ended_at": AT})
    assert document["steps"][1] == {"step": 2, "screen": "/b", "ts": AT}
    assert document["stepCount"] == 3
    assert document["createdAt"] == AT


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", {derived.name for derived in DERIVED}),
        ("all", {derived.name for derived in DERIVED}),
        ("none", set()),
        ("journeys, heatmaps", {"journeys", "heatmaps"}),
    ],
)
def test_a_variable_says_which_collections_are_kept(value: str, names: set[str]) -> None:
    assert {one.name for one in wanted({"HXI_DERIVED_DOCUMENTS": value})} == names


def test_an_unknown_collection_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'journey'.*session_events"):
        wanted({"HXI_DERIVED_DOCUMENTS": "journey"})
