"""Statements are told to read beside the served tables, and only those that are built there."""

from orchestration.preview.names import redirected
from orchestration.signals.assets import assets
from orchestration.signals.known import SIGNALS

NAMES = {("gosight", "events"), ("ops", "planned_sessions"), ("signals", "rage_clicks")}


def test_names_are_changed_however_they_are_written() -> None:
    sql = "SELECT e.x FROM `gosight`.`events` AS e WHERE s IN (SELECT s FROM ops.planned_sessions)"
    assert redirected(sql, NAMES) == (
        "SELECT e.x FROM `hxi_diff`.`gosight__events` AS e"
        " WHERE s IN (SELECT s FROM `hxi_diff`.`ops__planned_sessions`)"
    )


def test_other_tables_columns_and_texts_stay() -> None:
    for sql in (
        "SELECT events.session_id, gosight.sessions.id FROM raw.events, gosight.projects",
        "SELECT 'gosight.events', my_gosight.events, x.gosight.events",
        "SELECT 1 FROM gosight.events_hourly_mv",
    ):
        assert redirected(sql, NAMES) == sql


def test_every_signal_that_is_an_asset_is_known_in_its_order() -> None:
    assert [asset.key.path[-1] for asset in assets()] == [signal.table for signal in SIGNALS]
