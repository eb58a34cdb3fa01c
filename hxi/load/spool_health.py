"""Waits for batches whose ids nobody knows: those whose answer was lost on its way."""

import json
import time
import urllib.error
import urllib.request

from hxi.load.errors import IngestDownError

PAUSE_SECONDS = 0.5


def wait_until_drained(ingest_url: str, since: float, patience_seconds: float) -> None:
    """Return when ingest's spool holds nothing accepted before `since` (time.monotonic).

    IngestDownError when its oldest batch stays the same for so long, or ingest away.
    """
    oldest, changed_at = float("-inf"), time.monotonic()
    while True:
        now = time.monotonic()
        age = _oldest_age(ingest_url)
        if age is not None and now - age > since:
            return
        if age is not None and now - age > oldest + PAUSE_SECONDS:
            oldest, changed_at = now - age, now
        elif now - changed_at > patience_seconds:
            raise IngestDownError(
                f"ingest's spool has not moved for {patience_seconds:.0f} s: what was taken is"
                " safe in it, see `hxi status`"
            )
        time.sleep(PAUSE_SECONDS)


def _oldest_age(ingest_url: str) -> float | None:
    """Seconds, 0 for an empty spool; None while ingest does not answer."""
    try:
        with urllib.request.urlopen(f"{ingest_url}/health", timeout=5) as answer:
            return float(json.loads(answer.read())["spool"]["oldest_age_seconds"])
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError):
        return None
