"""Takes out of an event what its project does not want kept; the event is changed in place."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from gosight.common_pb2 import TargetElement
from gosight.events_pb2 import Event

from ingest.decode.envelope import Envelope, Malformed, compact_json
from ingest.privacy.policy import Policy
from ingest.privacy.selectors import covers

MASK = "[masked]"
INPUT_TAGS = frozenset({"input", "textarea", "select", "option"})
# Attributes in which pages keep what a person typed.
VALUE_ATTRIBUTES = frozenset({"value", "data-value", "placeholder", "aria-label", "title", "alt"})
# Sensitive as names of parameters; here they are fields of our own contract.
ENVELOPE_NAMES = frozenset({"session_id", "sessionid"})
PAYLOADS_WITH_TARGET = ("click", "input_change", "input_focus")


def masked_bytes(envelope: Envelope, position: int, policy: Policy) -> bytes:
    """A refused event as it was sent, masked; nothing of one that cannot be read as anything."""
    event = envelope.events[position]
    if not policy.keeps_recordings and _is_recording(envelope, position):
        return b""
    if envelope.elements is not None:
        try:
            return compact_json(mask_json(envelope.elements[position], policy))
        except RecursionError:
            return b""
    if isinstance(event, Malformed):
        return b""
    mask(event, policy)
    return event.SerializeToString()


def _is_recording(envelope: Envelope, position: int) -> bool:
    event = envelope.events[position]
    sent = envelope.elements[position] if envelope.elements is not None else None
    return (isinstance(event, Event) and event.HasField("replay")) or (
        isinstance(sent, dict) and "replay" in sent
    )


def mask_json(value: Any, policy: Policy, name: str = "") -> Any:
    """Any JSON value with what `mask` masks taken out, as far as names tell what it is."""
    if isinstance(value, dict):
        return {key: mask_json(inner, policy, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask_json(inner, policy) for inner in value]
    if not isinstance(value, str):
        return value
    is_text = name == "text" and policy.hides_texts
    if is_text or name.lower() in policy.sensitive - ENVELOPE_NAMES:
        return MASK
    return _query_pattern(policy.sensitive).sub(rf"\1{MASK}", value)


def mask(event: Event, policy: Policy) -> frozenset[str]:
    """What was masked: any of `param`, `text`, `block`."""
    found = set()
    payload = event.WhichOneof("payload")
    if payload in PAYLOADS_WITH_TARGET:
        found |= _mask_target(getattr(event, payload).target, policy)
    if policy.sensitive and _mask_values(event, policy):
        found.add("param")
    return frozenset(found)


def _mask_target(target: TargetElement, policy: Policy) -> set[str]:
    if policy.block_selectors and covers(policy.block_selectors, target):
        _clear(target)
        target.ClearField("href")
        target.attributes.clear()
        return {"block"}
    is_input = policy.masks_inputs and target.tag.lower() in INPUT_TAGS
    if not is_input and not (policy.mask_selectors and covers(policy.mask_selectors, target)):
        return set()
    return {"text"} if _clear(target) else set()


def _clear(target: TargetElement) -> bool:
    changed = bool(target.text)
    if changed:
        target.text = MASK
    for name in VALUE_ATTRIBUTES & set(target.attributes):
        target.attributes[name] = MASK
        changed = True
    return changed


def _mask_values(event: Event, policy: Policy) -> bool:
    """Values of sensitive names, in the query of any URL in the event and in its maps."""
    pattern = _query_pattern(policy.sensitive)
    # Almost no event has one: the bytes are searched before any field is looked at.
    raw = event.SerializeToString()
    in_query = b"=" in raw and pattern.search(raw.decode("latin-1")) is not None
    in_maps = _mask_maps(event, policy.sensitive)
    return (_mask_texts(event, pattern) if in_query else False) or in_maps


@lru_cache(maxsize=1000)
def _query_pattern(names: frozenset[str]) -> re.Pattern[str]:
    one_of = "|".join(sorted(re.escape(name) for name in names))
    return re.compile(rf"([?&#;](?:{one_of})=)(?!\[masked\])([^&#;\s\"'<>]+)", re.IGNORECASE)


def _mask_texts(message: Message, pattern: re.Pattern[str]) -> bool:
    changed = False
    for field, value in message.ListFields():
        if _is_map(field):
            changed |= _mask_map_texts(value, pattern)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in value if field.is_repeated else [value]:
                changed |= _mask_texts(one, pattern)
        elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            masked = pattern.sub(rf"\1{MASK}", value)
            if masked != value:
                setattr(message, field.name, masked)
                changed = True
    return changed


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def _mask_map_texts(values: "Mapping[str, str]", pattern: re.Pattern[str]) -> bool:
    masked = {name: pattern.sub(rf"\1{MASK}", value) for name, value in values.items()}
    changed = {name: value for name, value in masked.items() if value != values[name]}
    for name, value in changed.items():
        values[name] = value  # type: ignore[index] # protobuf's maps are mutable
    return bool(changed)


def _mask_maps(event: Event, names: frozenset[str]) -> bool:
    """Values under sensitive names; traits stay: they are sent to say who somebody is."""
    maps = [event.page.query_params, event.custom] if event.HasField("page") else [event.custom]
    if event.WhichOneof("payload") == "custom_event":
        maps.append(event.custom_event.properties)
    changed = False
    for values in maps:
        if not values:
            continue
        for name in [name for name in values if name.lower() in names]:
            if values[name] != MASK:
                values[name] = MASK
                changed = True
    return changed
