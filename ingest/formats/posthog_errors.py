"""PostHog's `$exception`: a list of errors with their frames, or flat fields of older versions."""

from collections.abc import Sequence

from ingest.formats.request import Json
from ingest.formats.values import clip, optional

_REJECTIONS = frozenset({"onunhandledrejection", "unhandledrejection"})


def error_of(properties: Json) -> tuple[Json, bool]:
    """JsErrorPayload's fields of the outermost error, and whether it is a rejected promise."""
    listed = properties.get("$exception_list") or [_flat(properties)]
    error = listed[0]
    frames = (error.get("stacktrace") or {}).get("frames") or []
    # Frames go from the first call to the place of the error.
    place = frames[-1] if frames else {}
    payload = {
        "message": clip(error.get("value")),
        "error_type": clip(error.get("type")),
        "stack": _stack(error, frames) or clip(properties.get("$exception_stack_trace_raw")),
        "filename": clip(place.get("filename") or properties.get("$exception_source")) or None,
        "lineno": optional(place.get("lineno") or properties.get("$exception_lineno")),
        "colno": optional(place.get("colno") or properties.get("$exception_colno")),
    }
    mechanism = str((error.get("mechanism") or {}).get("type", "")).lower()
    return payload, mechanism in _REJECTIONS


def _flat(properties: Json) -> Json:
    return {
        "type": properties.get("$exception_type"),
        "value": properties.get("$exception_message"),
    }


def _stack(error: Json, frames: Sequence[Json]) -> str:
    """As a browser writes it, innermost call first."""
    if not frames:
        return ""
    lines = [f"{clip(error.get('type'))}: {clip(error.get('value'))}"]
    for frame in reversed(frames):
        at = ":".join(clip(frame.get(part)) for part in ("filename", "lineno", "colno"))
        lines.append(f"    at {clip(frame.get('function')) or '?'} ({at})")
    return clip("\n".join(lines))
