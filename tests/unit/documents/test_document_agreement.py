"""Which sums of a project are compared between two places."""

from orchestration.documents import agreement

MARTS: agreement.Totals = {"scrolls only": {"documents": 1.0, "x": 0.0, "y": 0.0, "scroll": 640.0}}


def test_a_place_without_rows_agrees_on_what_it_measures() -> None:
    assert list(agreement._differences("served", {}, MARTS, ["x", "y"])) == []


def test_a_place_without_rows_differs_where_the_marts_have_some() -> None:
    (difference,) = agreement._differences("derived", {}, MARTS, ["documents", "x", "y"])
    assert str(difference) == "derived: documents 0, the marts 1 (project scrolls only)"


def test_a_project_that_only_the_place_has_differs() -> None:
    (difference,) = agreement._differences("served", MARTS, {}, ["documents"])
    assert (difference.found, difference.expected) == (1, 0)
