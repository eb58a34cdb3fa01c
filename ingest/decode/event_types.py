"""Which payload fits which event type: the table behind `unknown_event_type` and mismatches."""

from dataclasses import dataclass

from gosight.events_pb2 import Event, EventType

_PREFIX = "EVENT_TYPE_"
REPLAY = EventType.EVENT_TYPE_REPLAY

# Type -> payloads that fit. A name with ! in front is needed: without it the event says nothing.
# Types without a message of their own take a custom event as their bag of properties.
_FITTING = {
    "SESSION_START": "session_start",
    "SESSION_END": "session_end",
    "PAGE_VIEW": "page_view",
    "PAGE_EXIT": "page_exit",
    "PAGE_VISIBLE": "custom_event",
    "PAGE_HIDDEN": "custom_event",
    "CLICK": "click",
    "DBLCLICK": "click",
    "CONTEXT_MENU": "click",
    "MOUSE_MOVE": "!mouse_move",
    "SCROLL": "!scroll",
    "SCROLL_MILESTONE": "!scroll",
    "INPUT_CHANGE": "input_change",
    "INPUT_FOCUS": "input_focus",
    "INPUT_BLUR": "input_focus input_change",
    "FORM_START": "form_submit custom_event",
    "FORM_SUBMIT": "form_submit",
    "FORM_ABANDON": "form_submit custom_event",
    "FORM_ERROR": "form_submit custom_event",
    "JS_ERROR": "!js_error",
    "UNHANDLED_REJECTION": "!js_error",
    "RESOURCE_ERROR": "!js_error",
    "CONSOLE_ERROR": "!js_error",
    "PAGE_LOAD": "!performance",
    "WEB_VITALS": "!performance",
    "LONG_TASK": "performance custom_event",
    "XHR_REQUEST": "!network_request",
    "FETCH_REQUEST": "!network_request",
    "WEBSOCKET": "!network_request",
    "MEDIA_PLAY": "custom_event",
    "MEDIA_PAUSE": "custom_event",
    "MEDIA_COMPLETE": "custom_event",
    "WINDOW_RESIZE": "custom_event",
    "ORIENTATION_CHANGE": "custom_event",
    "CUSTOM": "!custom_event",
    "IDENTIFY": "!identify",
    "GROUP": "custom_event",
    "REPLAY": "!replay",
    "SDK_SIGNAL": "!custom_event",
    "CLICK_DETAIL": "click custom_event",
}


@dataclass(frozen=True, slots=True)
class TypeRule:
    """`name` is the type's text in every store; `payloads` holds None where none is needed."""

    name: str
    payloads: frozenset[str | None]


def _rule(name: str, fitting: str) -> TypeRule:
    names: set[str | None] = {word.lstrip("!") for word in fitting.split()}
    if not fitting.startswith("!"):
        names.add(None)
    return TypeRule(name.lower(), frozenset(names))


# By enum number; a number that is missing here is an unknown type.
RULES: dict[int, TypeRule] = {
    EventType.Value(_PREFIX + name): _rule(name, fitting) for name, fitting in _FITTING.items()
}
# Payload field -> its name in protobuf-JSON.
PAYLOAD_JSON_NAMES: dict[str, str] = {
    field.name: field.json_name for field in Event.DESCRIPTOR.oneofs_by_name["payload"].fields
}
