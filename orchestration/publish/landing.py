"""What is copied: each landing table, the mart it comes from, and how each column is read."""

from collections.abc import Mapping
from dataclasses import dataclass

# RFC 9562, equal to Python's uuid.uuid5(UUID(project_id), user_id): SHA-1 of the namespace's 16
# bytes and the name; the upper half of byte 7 becomes the version (5), the upper two bits of byte 9
# the variant.
USER_UUID = """if(user_id = '', NULL, UUIDNumToString(toFixedString(concat(
    substring(SHA1(concat(unhex(replaceAll(project_id, '-', '')), user_id)) AS digest, 1, 6),
    char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 7, 1)), 15), 80)),
    substring(digest, 8, 1),
    char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 9, 1)), 63), 128)),
    substring(digest, 10, 7)), 16)))"""


@dataclass(frozen=True)
class Source:
    """Where ClickHouse keeps the marts and the open plan."""

    marts: str = "gosight"
    plan: str = "ops.planned_sessions"


SERVED = Source()


@dataclass(frozen=True)
class LandingTable:
    """`landing.<name>`, filled with the planned sessions' rows of the mart of the same name.

    `columns` maps each column of the landing table to the ClickHouse expression it is read with.
    `is_packed`: the last one is base64 of a replay payload, unpacked on the way.
    """

    name: str
    columns: Mapping[str, str]
    is_packed: bool = False

    def rows(self, source: Source) -> str:
        """What follows FROM in a query of the rows to copy."""
        sessions = f"SELECT project_id, session_id FROM {source.plan}"
        return f"{source.marts}.{self.name} WHERE (project_id, session_id) IN ({sessions})"


class PlannedSessions(LandingTable):
    """The plan itself."""

    def rows(self, source: Source) -> str:
        """Each session once."""
        return f"(SELECT DISTINCT project_id, session_id FROM {source.plan})"


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _text(*names: str) -> dict[str, str]:
    return {name: _clean(name) for name in names}


def _clean(text: str) -> str:
    """PostgreSQL text holds neither NUL nor broken UTF-8; one such value would end the copy."""
    return f"toValidUTF8(replaceAll({text}, '\\0', ''))"


PLANNED_SESSIONS = PlannedSessions("planned_sessions", _same("project_id", "session_id"))

LANDING_TABLES = (
    PLANNED_SESSIONS,
    LandingTable(
        "sessions",
        _same("project_id", "session_id", "started_at", "ended_at", "duration_ms")
        | _same("screen_width", "screen_height")
        | _same("page_count", "event_count", "error_count")
        | _same("rage_click_count", "dead_click_count")
        | _text("user_id", "ip", "user_agent", "device_type", "language", "app_version")
        | _text("browser", "os", "country", "country_code", "city", "referrer", "entry_url")
        | {"user_uuid": USER_UUID},
    ),
    LandingTable(
        "events",
        _same("project_id", "session_id", "event_id", "event_type", "timestamp")
        | _same("click_x", "click_y", "scroll_top")
        | _same("request_status", "request_duration_ms")
        | _same("viewport_width", "viewport_height", "scroll_depth", "time_on_page_ms")
        | _text("url", "path", "title", "target_id", "target_selector", "target_tag")
        | _text("target_text", "error_message", "error_stack", "request_url", "custom_name")
        | {"target_class": _clean("arrayStringConcat(target_classes, ' ')")}
        | _text("payload", "custom"),
    ),
    LandingTable(
        "insights",
        _same("project_id", "session_id", "insight_id", "insight_type", "timestamp")
        | _same("charged")
        | _text("path", "target_selector", "details")
        | {"first_event_id": "if(empty(related_event_ids), NULL, related_event_ids[1])"},
    ),
    LandingTable(
        "journeys",
        _same("project_id", "session_id", "step", "started_at") | _text("path"),
    ),
    LandingTable(
        "experience_scores",
        _same("project_id", "session_id", "ended_at", "score", "scoring_version")
        | _text("issues", "not_measurable", "not_scored_reason"),
    ),
    LandingTable(
        "behaviour_states",
        _same("project_id", "session_id", "confidence")
        | _text("state")
        # Who says so, and when: an outside model, or the rules.
        | {"ended_at": "predicted_at", "rule_version": "toValidUTF8(model_version)"},
    ),
    LandingTable(
        "replay_chunks",
        _same("project_id", "session_id", "chunk_index", "timestamp_start", "timestamp_end")
        | _same("event_count", "data_size")
        | {"chunk": "if(problem = '', base64Encode(data), '')"},
        is_packed=True,
    ),
)
