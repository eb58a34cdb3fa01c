"""Who and which session: what each SDK says of it, and what stands in where it says nothing."""

from typing import Any

from ingest.decode.checks import is_uuid
from ingest.formats.visitors import visitor_session
from tests.unit.ingest_formats.recorded import NOW, events, of_kind, request

DEVICE = "01a21e72-aa23-757e-b9b7-db63187cc949"
SESSION = "01a21e72-aa62-73c4-bb5f-6358e319cb7d"
AT = "2026-11-27T19:19:20.903Z"


def posthog(name: str, distinct_id: str, **more: Any) -> dict[str, Any]:
    properties = {"$session_id": SESSION, "$device_id": DEVICE, **more.pop("properties", {})}
    return {
        "event": name,
        "distinct_id": distinct_id,
        "timestamp": AT,
        "properties": properties,
        **more,
    }


def test_an_id_that_the_device_made_is_nobody() -> None:
    sent = [posthog("$pageview", DEVICE), posthog("$pageview", "jane")]
    told = events(request("/batch/", {"api_key": "k", "batch": sent}))
    assert [event.user_id for event in told] == ["", "jane"]


def test_a_device_is_known_whoever_uses_it() -> None:
    web = [posthog("$pageview", DEVICE), posthog("$pageview", "jane")]
    bare = {"event": "x", "timestamp": AT, "properties": {"$lib": "web", "$is_identified": False}}
    told = events(
        request("/batch/", {"api_key": "k", "batch": [*web, {**bare, "distinct_id": "made up"}]})
    )
    assert [event.device_id for event in told] == [DEVICE, DEVICE, "made up"]
    track = {"type": "track", "event": "x", "userId": "u", "anonymousId": "a", "timestamp": AT}
    (event,) = events(request("/v1/batch", {"writeKey": "k", "batch": [track]}))
    assert (event.user_id, event.device_id) == ("u", "a")
    ping = {"e": "pv", "aid": "k", "eid": SESSION, "duid": DEVICE, "uid": "u", "url": "https://s/"}
    (event,) = events(request("/com.snowplowanalytics.snowplow/tp2", {"data": [ping]}))
    assert (event.user_id, event.device_id) == ("u", DEVICE)


def test_identify_set_and_alias_say_who_it_is() -> None:
    sent = [
        posthog("$identify", "jane", **{"$set": {"plan": "pro"}, "$set_once": {"plan": "free"}}),
        posthog("$set", "jane", properties={"$set": {"age": 3}}),
        posthog("$create_alias", DEVICE, properties={"alias": "jane"}),
    ]
    told = of_kind(events(request("/batch/", {"api_key": "k", "batch": sent})), "identify")
    assert [event.identify.user_id for event in told] == ["jane"] * 3
    assert [dict(event.identify.traits) for event in told] == [
        {"plan": "pro"},
        {"age": "3"},
        {"alias": "jane"},
    ]


def test_rudderstack_names_its_session_and_segment_a_visitor() -> None:
    def track(at: str, context: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "track",
            "event": "x",
            "anonymousId": "a",
            "originalTimestamp": at,
            "context": context,
        }

    sent = [
        track(AT, {"sessionId": 1_700_000_000_000}),
        track(AT, {"sessionId": 1_700_000_000_000}),
        track(AT, {}),
        track("2026-11-01T00:00:00Z", {}),
        track("2026-10-31T23:59:59.999Z", {}),
    ]
    one, same, here, month, before = (
        event.session_id for event in events(request("/v1/batch", {"writeKey": "k", "batch": sent}))
    )
    assert one == same
    assert len({one, here, before}) == 3
    assert here == month == visitor_session("segment", "a", NOW - 10 * 86_400_000)
    assert all(map(is_uuid, (one, here)))
    assert here.startswith("76697369")
    assert here[14] == "8"


def test_a_campaign_that_the_address_does_not_say_is_told_apart() -> None:
    context = {
        "page": {"url": "https://shop.example/"},
        "campaign": {"name": "autumn", "source": "mail"},
    }
    sent = {
        "writeKey": "k",
        "anonymousId": "a",
        "type": "page",
        "timestamp": AT,
        "context": context,
    }
    start, _ = events(request("/v1/page", sent))
    assert (start.session_start.utm_campaign, start.session_start.utm_source) == ("autumn", "mail")
    assert start.session_start.is_partial, "nobody said whether the visitor is new"
