"""Takes out of an event what its project does not want kept; the event is changed in place."""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from gosight.common_pb2 import TargetElement
from gosight.events_pb2 import Event, EventType

from ingest.decode.envelope import Envelope, Malformed, compact_json
from ingest.privacy.policy import Policy
from ingest.privacy.selectors import Selector, covers

MASK = "[masked]"
INPUT_TAGS = frozenset({"input", "textarea", "select", "option"})
# Attributes in which pages keep what a person typed.
VALUE_ATTRIBUTES = frozenset({"value", "data-value", "placeholder", "aria-label", "title", "alt"})
# Sensitive as names of parameters; here they are fields of our own contract.
ENVELOPE_NAMES = frozenset({"session_id", "sessionid"})
IDENTIFY = EventType.EVENT_TYPE_IDENTIFY
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


def naming(envelope: Envelope, policy: Policy) -> Container[int]:
    """Positions of the events that may hold a value of a sensitive name, told by their bytes."""
    names = policy.sensitive
    if not names:
        return ()
    if not _are_told_by_bytes(names):
        return range(len(envelope.events))
    patterns = (_query_in_bytes(names), _key_in_bytes(names))
    # Most batches hold none but the traits of who was identified, which are not masked; one of a
    # single parse is written as a whole in no time.
    if envelope.batch is not None:
        found = _count(patterns, envelope.batch)
        if not found:
            return ()
        events = envelope.batch.events
        identified = [at for at, event in enumerate(events) if event.event_type == IDENTIFY]
        if sum(_count(patterns, events[at]) for at in identified) == found:
            return identified
    each = [e.SerializeToString() if isinstance(e, Event) else b"" for e in envelope.events]
    ends, joined = list(accumulate(map(len, each))), b"".join(each)
    places = (match.start() for pattern in patterns for match in pattern.finditer(joined))
    return {bisect_right(ends, at) for at in places}


def _count(patterns: Iterable[re.Pattern[bytes]], message: Message) -> int:
    raw = message.SerializeToString()
    return sum(len(pattern.findall(raw)) for pattern in patterns)


def mask(event: Event, policy: Policy, *, may_name_values: bool = True) -> frozenset[str]:
    """What was masked: any of `param`, `text`, `block`.

    `may_name_values`: whether `naming` has it.
    """
    found = set()
    payload = event.WhichOneof("payload")
    if payload in PAYLOADS_WITH_TARGET:
        found |= _mask_target(getattr(event, payload).target, policy)
    if may_name_values and policy.sensitive and mask_values(event, policy):
        found.add("param")
    return frozenset(found)


def _mask_target(target: TargetElement, policy: Policy) -> set[str]:
    rules = (policy.block_selectors, policy.mask_selectors, policy.masks_inputs)
    what = _fate(target.SerializeToString(), *rules)
    if what == "block":
        _clear(target)
        target.ClearField("href")
        target.attributes.clear()
        return {"block"}
    return {"text"} if what == "text" and _clear(target) else set()


# The elements of a site are few, and most are met again and again.
@lru_cache(maxsize=20_000)
def _fate(
    element: bytes, blocked: tuple[Selector, ...], masked: tuple[Selector, ...], masks_inputs: bool
) -> str:
    """`block` or `text` is to be taken out of a TargetElement, or nothing."""
    target = TargetElement.FromString(element)
    if covers(blocked, target):
        return "block"
    is_input = masks_inputs and target.tag.lower() in INPUT_TAGS
    return "text" if is_input or covers(masked, target) else ""


def _clear(target: TargetElement) -> bool:
    changed = bool(target.text)
    if changed:
        target.text = MASK
    for name in VALUE_ATTRIBUTES & set(target.attributes):
        target.attributes[name] = MASK
        changed = True
    return changed


def mask_values(event: Event, policy: Policy) -> bool:
    """Values of sensitive names, in the query of any URL in the event and in its maps."""
    in_maps = _mask_maps(event, policy.sensitive)
    return _mask_texts(event, _query_pattern(policy.sensitive)) or in_maps


@lru_cache(maxsize=1000)
def _are_told_by_bytes(names: frozenset[str]) -> bool:
    """Whatever their case, and with a length of one byte."""
    return all(name.isascii() and len(name) < 128 for name in names)


# Almost no event has such a value, so bytes are searched before any field is looked at: at each `=`
# for a parameter before it, at each tag of a map's key for the key.
@lru_cache(maxsize=1000)
def _query_in_bytes(names: frozenset[str]) -> re.Pattern[bytes]:
    before = (rb"(?<=[?&#;](?:" + alike + rb")=)" for _, alike in _by_length(names))
    return re.compile(b"=(?:" + b"|".join(before) + b")", re.IGNORECASE)


@lru_cache(maxsize=1000)
def _key_in_bytes(names: frozenset[str]) -> re.Pattern[bytes]:
    keys = (re.escape(bytes([size])) + b"(?:" + alike + b")" for size, alike in _by_length(names))
    return re.compile(b"\n(?:" + b"|".join(keys) + b")", re.IGNORECASE)


def _by_length(names: frozenset[str]) -> Iterator[tuple[int, bytes]]:
    """Names of one length as alternatives."""
    for size, alike in groupby(sorted(names, key=len), key=len):
        yield size, b"|".join(re.escape(name.encode()) for name in alike)


@lru_cache(maxsize=1000)
def _query_pattern(names: frozenset[str]) -> re.Pattern[str]:
    one_of = "|".join(sorted(re.escape(name) for name in names))
    return re.compile(
        rf"([?&#;](?:{one_of})=)(?!\[masked\])([^&#;\s\"'<>]+)", re.IGNORECASE | re.ASCII
    )


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
