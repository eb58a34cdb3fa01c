"""Self-describing events of Snowplow's own plugins, by the names of their schemas."""

from collections.abc import Callable

from gosight.events_pb2 import EventType

from ingest.formats.elements import Element, target
from ingest.formats.request import Json
from ingest.formats.values import clip, optional
from ingest.formats.vitals import measure

Read = Callable[[Json], tuple[int, Json]]


def _click(tag: str) -> Read:
    def read(data: Json) -> tuple[int, Json]:
        """Neither says where the click was."""
        classes = data.get("elementClasses") or data.get("classes") or []
        attributes = {
            "id": clip(data.get("elementId") or data.get("id")),
            "class": classes if isinstance(classes, str) else " ".join(map(clip, classes)),
            "href": clip(data.get("targetUrl")),
            "name": clip(data.get("name")),
        }
        said = clip(data.get("elementContent") or data.get("label"))
        element = Element(tag, {name: one for name, one in attributes.items() if one}, said)
        return EventType.EVENT_TYPE_CLICK, {"click": {"target": target([element])}}

    return read


def _field(kind: int, payload: str) -> Read:
    def read(data: Json) -> tuple[int, Json]:
        """A form's field; values are not told on."""
        attributes = {
            "id": clip(data.get("elementId")),
            "type": clip(data.get("type")),
            "name": clip(data.get("elementId")),
        }
        tag = clip(data.get("nodeName")).lower() or "input"
        element = Element(tag, {name: one for name, one in attributes.items() if one})
        return kind, {payload: {"target": target([element])}}

    return read


def _submit(data: Json) -> tuple[int, Json]:
    sent = {
        "form_id": clip(data.get("formId")) or None,
        "success": True,
        "field_count": len(data.get("elements") or ()),
    }
    return EventType.EVENT_TYPE_FORM_SUBMIT, {"form_submit": sent}


def _error(data: Json) -> tuple[int, Json]:
    told = {
        "message": clip(data.get("message")),
        "error_type": clip(data.get("exceptionName")),
        "stack": clip(data.get("stackTrace")) or None,
        "filename": clip(data.get("fileName")) or None,
        "lineno": optional(data.get("lineNumber")),
        "colno": optional(data.get("lineColumn")),
    }
    return EventType.EVENT_TYPE_JS_ERROR, {"js_error": told}


def _vitals(data: Json) -> tuple[int, Json]:
    measured: Json = {}
    for name in ("LCP", "FCP", "FID", "CLS", "INP", "TTFB"):
        if data.get(name.lower()) is not None:
            measured |= measure(name, data[name.lower()])
    return EventType.EVENT_TYPE_WEB_VITALS, {"performance": measured}


SELF_DESCRIBING: dict[str, Read] = {
    "link_click": _click("a"),
    "button_click": _click("button"),
    "focus_form": _field(EventType.EVENT_TYPE_INPUT_FOCUS, "input_focus"),
    "change_form": _field(EventType.EVENT_TYPE_INPUT_CHANGE, "input_change"),
    "submit_form": _submit,
    "application_error": _error,
    "web_vitals": _vitals,
}
