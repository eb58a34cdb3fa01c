"""Waits for batches whose ids nobody knows: those whose answer was lost on its way."""

import json
import time
import urllib.error
import urllib.request

from stack.load.errors import IngestDownError

PAUSE_SECONDS = 0.5


def wait_until_drained(ingest_url: str, since: float, patience_seconds: float) -> None:
    """Return when ingest's spool holds nothing accepted before `since` (time.monotonic)."""
    deadline = time.monotonic() + patience_seconds
    while True:
        asked_at = time.monotonic()
        age = _oldest_age(ingest_url)
        if age is not None and age < asked_at - since:
            return
        if time.monotonic() > deadline:
            raise IngestDownError(
                f"ingest's spool did not drain within {patience_seconds:.0f} s: see `hxi status`"
            )
        time.sleep(PAUSE_SECONDS)


def _oldest_age(ingest_url: str) -> float | None:
    """Seconds, 0 for an empty spool; None while ingest does not answer."""
    try:
        with urllib.request.urlopen(f"{ingest_url}/health", timeout=5) as answer:  # noqa: S310 - ours
            return float(json.loads(answer.read())["spool"]["oldest_age_seconds"])
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError):
        return None
