"""What is taken out of events: values of sensitive names, texts of inputs and of named elements."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from gosight.common_pb2 import PageContext, TargetElement
from gosight.events_pb2 import (
    ClickPayload,
    CustomEventPayload,
    Event,
    IdentifyPayload,
    InputChangePayload,
    JsErrorPayload,
    NetworkRequestPayload,
)
from gosight.ingest_pb2 import EventBatch

from ingest.decode.envelope import Envelope, parse_json, parse_protobuf
from ingest.privacy.masking import mask, mask_values, masked_bytes, naming
from ingest.privacy.policy import SENSITIVE_NAMES, Policy, policy_of

URL = "https://shop.example/reset?Email=ann%40x.example&step=2&token=s3cret#access_token=t0p"
MASKED = "https://shop.example/reset?Email=[masked]&step=2&token=[masked]#access_token=[masked]"


def click_on(**target: Any) -> Event:
    return Event(click=ClickPayload(target=TargetElement(**target)))


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Event(page=PageContext(url=URL)), lambda event: event.page.url),
        (Event(page=PageContext(referrer=URL)), lambda event: event.page.referrer),
        (click_on(tag="a", href=URL), lambda event: event.click.target.href),
        (
            Event(network_request=NetworkRequestPayload(url=URL)),
            lambda event: event.network_request.url,
        ),
        (Event(js_error=JsErrorPayload(stack=URL)), lambda event: event.js_error.stack),
        (
            Event(custom_event=CustomEventPayload(properties={"link": URL})),
            lambda event: event.custom_event.properties["link"],
        ),
    ],
)
def test_sensitive_values_are_masked_wherever_a_url_stands(
    event: Event, field: Callable[[Event], str]
) -> None:
    assert mask(event, Policy()) == {"param"}
    assert field(event) == MASKED
    assert mask(event, Policy()) == frozenset()


def test_maps_lose_values_of_sensitive_names_and_keep_the_others() -> None:
    event = Event(
        page=PageContext(query_params={"token": "x", "step": "2"}),
        custom_event=CustomEventPayload(properties={"Password": "p", "colour": "red"}),
    )
    assert mask(event, Policy()) == {"param"}
    assert dict(event.page.query_params) == {"token": "[masked]", "step": "2"}
    assert dict(event.custom_event.properties) == {"Password": "[masked]", "colour": "red"}


def test_who_somebody_is_stays_as_it_was_sent() -> None:
    event = Event(identify=IdentifyPayload(user_id="ann", traits={"email": "ann@x.example"}))
    assert mask(event, Policy()) == frozenset()


def test_a_project_names_its_own_parameters() -> None:
    event = Event(page=PageContext(url="https://x.example/?token=1&card=2"))
    mask(event, policy_of(b'{"privacy": {"maskParams": ["card"]}}'))
    assert event.page.url == "https://x.example/?token=1&card=[masked]"


@pytest.mark.parametrize("tag", ["input", "TEXTAREA", "select"])
def test_what_was_typed_is_masked_in_every_project_that_does_not_say_no(tag: str) -> None:
    def typed() -> Event:
        target = TargetElement(tag=tag, text="hunter2", attributes={"value": "x", "type": "text"})
        return Event(input_change=InputChangePayload(target=target, value_length=7))

    event = typed()
    assert mask(event, Policy()) == {"text"}
    target = event.input_change.target
    assert target.text == target.attributes["value"] == "[masked]"
    assert target.attributes["type"] == "text"
    open_policy = policy_of(b'{"privacy": {"maskAllInputs": false}}')
    assert mask(typed(), open_policy) == frozenset()


MASKS = policy_of(
    b'{"privacy": {"maskSelectors": [".ssn", "main #account > b", "[data-private]"]}}'
)


@pytest.mark.parametrize(
    ("target", "is_masked"),
    [
        ({"tag": "span", "classes": ["a", "ssn"]}, True),
        ({"tag": "span", "classes": ["a ssn"]}, True),
        ({"tag": "b", "selector": "main > div.ssn > b"}, True),  # within such an element
        ({"tag": "b"}, True),  # the last step is what can be judged
        ({"tag": "p", "attributes": {"data-private": ""}}, True),
        ({"tag": "p", "selector": "p.ssnumber"}, False),
        ({"tag": "p"}, False),
    ],
)
def test_texts_of_named_elements_are_masked(target: dict[str, object], is_masked: bool) -> None:
    event = click_on(text="123-45-6789", **target)
    assert (mask(event, MASKS) == {"text"}) is is_masked
    assert (event.click.target.text == "[masked]") is is_masked


def test_of_blocked_elements_only_where_they_are_stays() -> None:
    policy = policy_of(b'{"privacy": {"blockSelectors": ["#card"]}}')
    event = click_on(tag="a", id="card", text="4111", href="/x", attributes={"data-n": "4111"})
    event.click.position.x = 7
    assert mask(event, policy) == {"block"}
    assert "4111" not in str(event)
    assert (event.click.position.x, event.click.target.id) == (7, "card")


def test_refused_json_is_masked_before_its_bytes_are_kept() -> None:
    sent = parse_json(
        b'{"events": [{"eventType": "NONE", "page": {"url": "https://x.example/?token=abc"},'
        b' "click": {"target": {"tag": "input", "text": "hunter2"}}, "password": "p"}]}'
    )
    kept = masked_bytes(sent, 0, Policy())
    assert b'"eventType":"NONE"' in kept
    for secret in (b"abc", b"hunter2", b'"p"'):
        assert secret not in kept


def test_a_search_of_the_bytes_never_hides_what_would_be_masked() -> None:
    """Masked as if the search had not been, in events with and without sensitive names."""
    random = Random(5)
    names = [*SENSITIVE_NAMES, "tokens", "step", "colour", "no-key", "ключ", "k" * 200]
    own = Policy(sensitive=frozenset({"ключ", "k" * 200, "step"}))
    found = set()
    for _ in range(500):
        batch = EventBatch(events=[_named(random, names) for _ in range(random.randrange(1, 6))])
        for policy in (Policy(), own):
            envelopes = (
                parse_protobuf(batch.SerializeToString()),
                Envelope(
                    "", "", 0, [Event.FromString(e.SerializeToString()) for e in batch.events]
                ),
            )
            for envelope in envelopes:
                may_name = naming(envelope, policy)
                for position, event in enumerate(envelope.events):
                    whole = Event.FromString(batch.events[position].SerializeToString())
                    is_masked = mask_values(whole, policy)
                    assert isinstance(event, Event)
                    mask(event, policy, may_name_values=position in may_name)
                    assert event == whole
                    found.add((is_masked, position in may_name))
    # Bytes say more often than not that there may be one; never that there is none where one is.
    assert found >= {(True, True), (False, False)}
    assert (True, False) not in found


def _named(random: Random, names: list[str]) -> Event:
    name, other = (_cased(random, random.choice(names)) for _ in range(2))
    return Event(
        event_id="e" * random.randrange(3),
        page=PageContext(url=f"https://x.example/{random.choice('?&#;/')}{name}=1"),
        custom_event=CustomEventPayload(properties={other: "x"}),
    )


def _cased(random: Random, name: str) -> str:
    return "".join(random.choice((one.lower(), one.upper())) for one in name)
