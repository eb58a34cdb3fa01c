"""One batch's facts as the call of the script that writes them, whole or not at all."""

from pathlib import Path
from typing import Any

import orjson

from ingest.realtime import keys
from ingest.realtime.facts import Facts, SessionFacts

SCRIPT = Path(__file__).with_name("update.lua").read_text()
# A first sight of rage, by grid as spec 003 §5.5 has it; the signal that is charged is computed
# by distance, from all events, in runs.
RAGE_CLICKS = 3
RAGE_MS = 2000
LIFE = {
    "rate": keys.RATE_SECONDS,
    "batch": keys.BATCH_SECONDS,
    "session": keys.SESSION_SECONDS,
    "sessions": keys.SESSIONS_SECONDS,
    "page_views": keys.PAGE_VIEWS_SECONDS,
    "clicks": keys.CLICKS_SECONDS,
    "spots": keys.SPOTS_SECONDS,
}


def call_of(project: str, facts: Facts, now: int) -> tuple[list[str], bytes]:
    """KEYS and ARGV[1] of SCRIPT; `now` is ms since 1970."""
    fixed = [
        keys.requests(project, now // keys.MINUTE_MS),
        keys.batch(project, facts.digest),
        keys.active(project),
        keys.sessions(project),
        keys.paths(project),
        keys.spots(project),
    ]
    sessions = [keys.session_state(project, name) for name in facts.sessions]
    views = [keys.page_views(project, path, minute) for path, minute in facts.page_views]
    clicks = [keys.clicks(project, one.session, one.x, one.y) for one in facts.clicks]
    return [*fixed, *sessions, *views, *clicks], orjson.dumps(_values(project, facts, now))


def _values(project: str, facts: Facts, now: int) -> dict[str, Any]:
    return {
        "project": project,
        "now": now,
        "life": LIFE,
        "rage_clicks": RAGE_CLICKS,
        "rage_ms": RAGE_MS,
        "sessions": [_session(name, one) for name, one in facts.sessions.items()],
        "page_views": [
            {"path": path, "count": count} for (path, _), count in facts.page_views.items()
        ],
        "clicks": [{"at": one.at, "spot": one.spot} for one in facts.clicks],
    }


def _session(name: str, one: SessionFacts) -> dict[str, Any]:
    return {"id": name, **{field: getattr(one, field) for field in one.__slots__}}
