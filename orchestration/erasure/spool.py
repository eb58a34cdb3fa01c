"""The spool of a running ingest: what was accepted before the erasure has been dropped."""

import json
import time
import urllib.error
import urllib.request

from orchestration.erasure.requests import Proof
from orchestration.stores.settings import Settings

TIMEOUT_SECONDS = 5
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.5
STORE = "spool"


def proof(settings: Settings) -> Proof:
    """Waits for batches that are older than this call; those that stay are found.

    They cannot be read from here; whatever of the erased is in them is dropped when they land.
    """
    if not settings.ingest_url:
        return Proof(STORE, 0, 0, "", "no ingest is known here; its spool drops what was erased")
    began = time.monotonic()
    while True:
        try:
            batches, age = _spooled(settings.ingest_url)
        except (OSError, ValueError):
            said = "ingest does not answer; its spool drops what was erased when it is back"
            return Proof(STORE, 0, 0, "", said)
        passed = time.monotonic() - began
        if not batches or age <= passed:
            return Proof(STORE, 0, 0, "", "nothing that was accepted before the search is left")
        if passed > WAIT_SECONDS:
            return Proof(STORE, 0, batches, f"batches: {batches}", "batches that have not landed")
        time.sleep(POLL_SECONDS)


def _spooled(url: str) -> tuple[int, float]:
    """Batches that wait, and the age of the oldest in seconds."""
    with urllib.request.urlopen(f"{url}/health", timeout=TIMEOUT_SECONDS) as answer:
        found = json.load(answer)["spool"]
    return int(found["batches"]), float(found["oldest_age_seconds"])
