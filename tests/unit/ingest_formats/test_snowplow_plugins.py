"""Self-describing events of Snowplow's plugins, by the names and fields of their public schemas."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from gosight.events_pb2 import Event

from tests.unit.ingest_formats.recorded import NOW, events, kind, request

IGLU = "iglu:com.snowplowanalytics.snowplow"
CONTEXT = "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2"
SESSION = "01a21e72-aa62-73c4-bb5f-6358e319cb7d"


def told(name: str, data: dict[str, Any], *, is_coded: bool = False) -> Event:
    """As the tracker sends it: JSON in a field, or the same in base64 without padding."""
    inner = {"schema": f"{IGLU}/{name}/jsonschema/1-0-0", "data": data}
    written = json.dumps({"schema": f"{IGLU}/unstruct_event/jsonschema/1-0-0", "data": inner})
    coded = urlsafe_b64encode(written.encode()).decode().rstrip("=")
    session = {"data": [{"schema": CONTEXT, "data": {"sessionId": SESSION}}]}
    sent = {"e": "ue", "aid": "k", "dtm": str(NOW), "co": json.dumps(session)}
    sent |= {"ue_px": coded} if is_coded else {"ue_pr": written}
    (event,) = events(request("/com.snowplowanalytics.snowplow/tp2", {"data": [sent]}))
    assert event.session_id == SESSION
    return event


@pytest.mark.parametrize("is_coded", [False, True])
def test_link_and_button_clicks_are_clicks_on_their_element(is_coded: bool) -> None:
    link = {"targetUrl": "https://shop.example/a", "elementClasses": ["nav", "big"]}
    hit = told("link_click", {**link, "elementContent": "Buy"}, is_coded=is_coded).click.target
    assert (hit.tag, list(hit.classes), hit.href) == ("a", ["nav", "big"], link["targetUrl"])
    assert (hit.selector, hit.text) == ("a.nav.big", "Buy")
    assert told("button_click", {"label": "Pay", "id": "pay"}).click.target.selector == "#pay"


def test_forms_errors_and_vitals_of_plugins_are_ours() -> None:
    fields = [{"name": "email", "nodeName": "INPUT", "value": "a@b.example"}]
    sent = told("submit_form", {"formId": "pay", "elements": fields}).form_submit
    assert (sent.form_id, sent.field_count) == ("pay", 1)
    changed = told("change_form", {"elementId": "email", "nodeName": "INPUT", "value": "a@b"})
    assert changed.input_change.target.selector == "#email"
    assert "a@b" not in str(changed)
    thrown = {"message": "no price", "exceptionName": "TypeError", "lineNumber": 4}
    error = told("application_error", thrown).js_error
    assert (error.message, error.error_type, error.lineno) == ("no price", "TypeError", 4)
    vitals = told("web_vitals", {"lcp": 2500.4, "cls": 0.25, "inp": 80}).performance
    assert (vitals.largest_contentful_paint, vitals.interaction_to_next_paint) == (2500, 80)
    assert vitals.cumulative_layout_shift == pytest.approx(0.25)


def test_a_schema_of_the_sites_own_is_a_custom_event() -> None:
    own = told("wishlist", {"sku": "4711"})
    assert kind(own) == "custom"
    assert (own.custom_event.name, own.custom_event.properties["sku"]) == ("wishlist", "4711")
