"""Web vitals by name, as `$web_vitals` and the web-vitals library tell them."""

from typing import Any

from ingest.formats.request import Json
from ingest.formats.values import text, whole

# Name -> field of our contract; CLS has no unit, the others are ms.
FIELDS = {
    "FCP": "first_contentful_paint",
    "LCP": "largest_contentful_paint",
    "CLS": "cumulative_layout_shift",
    "FID": "first_input_delay",
    "INP": "interaction_to_next_paint",
    "TTFB": "ttfb",
}


def measure(name: str, value: Any) -> Json:
    """One measure as a field of PerformancePayload; KeyError for an unknown name."""
    field = FIELDS[name]
    return {field: float(value) if name == "CLS" else whole(value, 0)}


def vitals_by_url(properties: Json) -> dict[str, Json]:
    """URL -> fields of PerformancePayload; '' where a measure names no page."""
    found: dict[str, Json] = {}
    for name in FIELDS:
        event = properties.get(f"$web_vitals_{name}_event") or {}
        value = event.get("value", properties.get(f"$web_vitals_{name}_value"))
        if value is not None:
            url = text(event.get("$current_url"))
            found.setdefault(url, {}).update(measure(name, value))
    return found
