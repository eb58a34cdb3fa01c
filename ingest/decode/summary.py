"""A session's summary document, folded from its start, end and identify events in any order."""

from collections.abc import Callable, Iterable
from typing import Any

from ingest.decode.documents import Document, to_millis

SUMMARISED_TYPES = frozenset({"session_start", "session_end", "identify"})
# Part -> whether the first event that has it counts, or the last.
_FIRST_COUNTS = {"start": True, "device": True, "end": False, "identify": False, "user": False}


def summary_id(project_id: str, session_id: str) -> str:
    """The `_id` of a session's summary."""
    return f"{project_id}:{session_id}"


def fold(summary: Document | None, events: Iterable[Document]) -> Document:
    """The summary with these event documents of its session in it; any order, any repetition.

    Each part of `meta` names the event it came from, so that a later call knows which one counts.
    """
    meta: Document = dict(summary["meta"]) if summary else {}
    project_id, session_id = (summary or {}).get("projectId"), (summary or {}).get("sessionId")
    for event in events:
        project_id, session_id = event["projectId"], event["sessionId"]
        for part, found in _parts(event):
            meta[part] = _winner(part, meta.get(part), found)
    start, end = meta.get("start"), meta.get("end")
    device = meta.get("device", {})
    return {
        "_id": summary_id(str(project_id), str(session_id)),
        "projectId": project_id,
        "sessionId": session_id,
        "userId": meta.get("user", {}).get("userId"),
        "device": device.get("os") or _device_type(device),
        "ip": None,  # the address of a client is not kept
        "startedAt": start and start["timestamp"],
        "endedAt": end and end["timestamp"],
        "durationMs": to_millis(end["timestamp"]) - to_millis(start["timestamp"])
        if start and end
        else None,
        "userAgent": device.get("userAgent"),
        "meta": meta,
    }


def _device_type(device: Document) -> str | None:
    """`mobile` of DEVICE_TYPE_MOBILE."""
    name = device.get("deviceType")
    return str(name).removeprefix("DEVICE_TYPE_").lower() if name else None


def _parts(event: Document) -> Iterable[tuple[str, Document]]:
    metadata = event["metadata"]
    origin = {"eventId": event["eventId"], "timestamp": event["timestamp"]}
    read = _READERS.get(event["type"])
    if read is not None:
        name, payload = read(metadata)
        yield name, {**payload, **origin}
    user_id = event["userId"] or metadata.get("identify", {}).get("userId")
    if user_id:
        yield "user", {"userId": user_id, **origin}
    device = metadata.get("device")
    if device:
        names = ("os", "deviceType", "userAgent")
        yield "device", {**{name: device[name] for name in names if name in device}, **origin}


_READERS: dict[str, Callable[[Document], tuple[str, Document]]] = {
    "session_start": lambda metadata: ("start", metadata.get("sessionStart", {})),
    "session_end": lambda metadata: ("end", metadata.get("sessionEnd", {})),
    "identify": lambda metadata: ("identify", metadata.get("identify", {})),
}


def _winner(part: str, known: Document | None, found: Document) -> Document:
    if known is None:
        return found
    first, last = sorted((known, found), key=_order)
    return first if _FIRST_COUNTS[part] else last


def _order(part: Document) -> tuple[Any, str]:
    return part["timestamp"], part["eventId"]
