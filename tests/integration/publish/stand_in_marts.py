"""Marts a test fills itself: the columns publish reads, in a database of the test's own."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml
from clickhouse_connect.driver.client import Client

from orchestration.publish.landing import MARTS, Source
from orchestration.stores.settings import CHECKOUT

PROJECT = "11111111-1111-4111-8111-111111111111"
OTHER_PROJECT = "22222222-2222-4222-8222-222222222222"
START = datetime(2026, 3, 29, 0, 30, 0, 123000, tzinfo=UTC)


def contracts() -> dict[str, dict[str, str]]:
    """Type by column of each mart, as its contract says."""
    files = [MODELS / "events" / "events.yml", *sorted((MODELS / "marts").glob("*.yml"))]
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for file in files
        for model in yaml.safe_load(file.read_text())["models"]
    }


MODELS = CHECKOUT / "dbt_project" / "models"
CONTRACTS = contracts()
TABLES = {table.name: CONTRACTS[table.name] for table in MARTS} | {
    "planned_sessions": {"project_id": "String", "session_id": "UUID", "n": "UInt64"}
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "sessions": {
        "user_id": "",
        "ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "device_type": "desktop",
        "language": "en-GB",
        "screen_width": 1920,
        "screen_height": 1080,
        "app_version": "1.0",
        "browser": "Firefox",
        "os": "Linux",
        "country": "Austria",
        "country_code": "AT",
        "city": "Graz",
        "referrer": "https://search.test/",
        "entry_url": "https://shop.test/?utm_source=x",
        "page_count": 2,
        "device_id": "",
        "is_new_user": None,
        "custom_properties": "{}",
        "traits": "",
    },
    "events": {
        "url": "https://shop.test/cart?x=1",
        "path": "/cart",
        **dict.fromkeys(
            ["target_id", "target_selector", "target_tag", "click_x", "click_y", "scroll_top"]
        ),
        **dict.fromkeys(["error_message", "error_stack", "request_url", "request_status"]),
        "request_duration_ms": None,
        "payload": "{}",
        "custom": "{}",
        "title": "Cart",
        "target_classes": ["btn", "primary"],
        **dict.fromkeys(["target_text", "scroll_depth", "time_on_page_ms"]),
        "viewport_width": 1280,
        "viewport_height": 720,
        "custom_name": "",
    },
    "insights": {"charged": True, "target_selector": "#buy > span", "path": "/cart"},
    "experience_scores": {
        "score": 88,
        "issues": '[{"code": "rage_click", "deduction": 12}]',
        "not_measurable": "[]",
        "not_scored_reason": "",
        "scoring_version": "xs-1",
    },
    "behaviour_states": {"state": "frustrated", "confidence": 0.1 + 0.2, "model_version": "bs-1"},
    "replay_chunks": {"problem": ""},
}


def named(name: str) -> UUID:
    """A UUID that is the same in every test run."""
    return uuid5(NAMESPACE_URL, name)


@dataclass(frozen=True)
class Visit:
    """One session's rows in every mart; each method returns a new visit with one more row."""

    session_id: UUID
    project_id: str = PROJECT
    session: dict[str, Any] = field(default_factory=dict)
    score: dict[str, Any] = field(default_factory=dict)
    events: tuple[dict[str, Any], ...] = ()
    insights: tuple[dict[str, Any], ...] = ()
    steps: tuple[str, ...] = ("/", "/cart")
    chunks: tuple[bytes, ...] = (b'[{"type": 4}]',)

    def event(self, event_type: str, **values: Any) -> "Visit":
        """One more event, a second after the one before."""
        number = len(self.events)
        base = {
            "event_id": named(f"{self.project_id} {self.session_id} event {number}"),
            "event_type": event_type,
            "timestamp": START + timedelta(seconds=number),
        }
        return replace(self, events=(*self.events, base | values))

    def click(self, x: int = 10, y: int = 20, **values: Any) -> "Visit":
        """A click with a position on a button."""
        target = {"target_selector": "#buy > span", "target_id": "buy", "target_tag": "button"}
        return self.event("click", **{"click_x": x, "click_y": y, **target, **values})

    def request(self, **values: Any) -> "Visit":
        """A fetch that took 120 ms."""
        answer = {"request_url": "https://api.test/v1/cart?id=7#top", "request_status": 200}
        return self.event("fetch_request", **{**answer, "request_duration_ms": 120, **values})

    def rage(self, clicks: int = 3, **values: Any) -> "Visit":
        """A rage click made of the last `clicks` events."""
        burst = self.events[-clicks:]
        times = [event["timestamp"] for event in burst]
        details = {
            "click_count": clicks,
            "first_at": _iso(times[0]),
            "last_at": _iso(times[-1]),
            "x": 10.0,
            "y": 20.0,
        }
        ids = [event["event_id"] for event in burst]
        found = {"timestamp": times[0], "details": json.dumps(details), "related_event_ids": ids}
        return self.insight("rage_click", **found, **values)

    def insight(self, insight_type: str, **values: Any) -> "Visit":
        """A detection on the button of the cart, found in the last event."""
        number = len(self.insights)
        last = self.events[-1] if self.events else {"timestamp": START}
        base = {
            "insight_id": named(f"{self.project_id} {self.session_id} insight {number}"),
            "insight_type": insight_type,
            "timestamp": last["timestamp"],
            "details": "{}",
            "related_event_ids": [],
        }
        return replace(self, insights=(*self.insights, base | values))

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Rows by mart."""
        key = {"project_id": self.project_id, "session_id": self.session_id}
        times = [event["timestamp"] for event in self.events] or [START]
        lasted = int((times[-1] - times[0]).total_seconds() * 1000)
        bounds = {"started_at": times[0], "ended_at": times[-1], "duration_ms": lasted}
        counts = {
            "event_count": len(self.events),
            "error_count": len([e for e in self.events if e["event_type"] == "js_error"]),
            "rage_click_count": len(
                [i for i in self.insights if i["insight_type"] == "rage_click"]
            ),
            "dead_click_count": len(
                [i for i in self.insights if i["insight_type"] == "dead_click"]
            ),
        }
        steps = [
            {"step": number, "path": path, "started_at": times[0] + timedelta(seconds=number)}
            for number, path in enumerate(self.steps, 1)
        ]
        rows = {
            "sessions": [bounds | counts | self.session],
            "events": list(self.events),
            "insights": list(self.insights),
            "journeys": steps,
            "experience_scores": [{"ended_at": times[-1]} | self.score],
            "behaviour_states": [{"predicted_at": times[-1]}],
            "replay_chunks": [
                {
                    "chunk_index": number,
                    "timestamp_start": times[0],
                    "timestamp_end": times[0] + timedelta(seconds=number),
                    "data": data,
                    "data_size": len(data),
                    "event_count": 1,
                }
                for number, data in enumerate(self.chunks)
            ],
        }
        return {
            table: [key | DEFAULTS.get(table, {}) | row for row in of_table]
            for table, of_table in rows.items()
        }


def whole_visit(name: str, user: str = "ann", device: str = "desktop") -> Visit:
    """A visit with rows in every table."""
    session = {"user_id": user, "device_type": device}
    clicks = Visit(named(name), session=session).click().click().click().rage()
    return clicks.request().event("js_error", error_message="oops")


class Marts:
    """A database of marts and the plan beside them."""

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self.database = database
        self._filled: set[tuple[str, str]] = set()
        client.command(f"CREATE DATABASE {database}")
        for table, columns in TABLES.items():
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            client.command(
                f"CREATE TABLE {database}.{table} ({declared}) ENGINE = MergeTree"
                " ORDER BY (project_id, session_id)"
            )

    @property
    def source(self) -> Source:
        """What to give to `copy_plan`."""
        return Source(self.database, f"{self.database}.planned_sessions")

    def drop(self) -> None:
        """Leave nothing behind."""
        self._client.command(f"DROP DATABASE {self.database}")

    def put(self, *visits: Visit) -> None:
        """Rewrite the visits' sessions, as the marts' models do."""
        self.erase(*(visit for visit in visits if _key(visit) in self._filled))
        self._filled.update(map(_key, visits))
        for table in TABLES.keys() - {"planned_sessions"}:
            rows = [row for visit in visits for row in visit.rows()[table]]
            if rows:
                names = list(rows[0])
                values = [[row[name] for name in names] for row in rows]
                self._client.insert(f"{self.database}.{table}", values, column_names=names)

    def add_step(self, visit: Visit, step: int) -> None:
        """One more journey step of a visit, of any number."""
        names = ["project_id", "session_id", "step", "path", "started_at"]
        row = [visit.project_id, visit.session_id, step, "/far", START]
        self._client.insert(f"{self.database}.journeys", [row], column_names=names)

    def erase(self, *visits: Visit) -> None:
        """The sessions leave every mart."""
        sessions = [_key(visit) for visit in visits]
        if not sessions:
            return
        for table in TABLES.keys() - {"planned_sessions"}:
            self._client.command(
                f"DELETE FROM {self.database}.{table}"
                " WHERE (project_id, toString(session_id))"
                " IN {sessions:Array(Tuple(String, String))}",
                parameters={"sessions": sessions},
            )

    def plan(self, visits: Iterable[Visit]) -> None:
        """Open a plan of exactly these sessions."""
        table = f"{self.database}.planned_sessions"
        self._client.command(f"TRUNCATE TABLE {table}")
        rows = [[visit.project_id, visit.session_id, 1] for visit in visits]
        if rows:
            self._client.insert(table, rows, column_names=["project_id", "session_id", "n"])


def _key(visit: Visit) -> tuple[str, str]:
    return visit.project_id, str(visit.session_id)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
