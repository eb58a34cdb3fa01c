"""Health: whether what was sent arrived, and how fresh the marts are, of this project."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from pages import charts
from pages.marts import Row
from pages.shown import Ask, Shown, Table

LEDGER = """
SELECT toDate(ingested_at) AS day, count() AS batches, sum(received) AS received,
    sum(valid) AS valid,
    sum(landed) AS landed, sum(duplicate) AS duplicate, sum(rejected) AS rejected,
    sum(filtered) AS filtered, sum(refused_by_store) AS refused, sum(erased) AS erased
FROM raw.ingest_ledger FINAL WHERE project_id = {project:String}
GROUP BY day ORDER BY day DESC LIMIT 30
"""
REASONS = """
SELECT reason, sum(n) AS events FROM raw.ingest_ledger FINAL
ARRAY JOIN mapKeys(reasons) AS reason, mapValues(reasons) AS n
WHERE project_id = {project:String} AND ingested_at >= now() - INTERVAL 30 DAY
GROUP BY reason ORDER BY events DESC, reason
"""
LANDED = """
SELECT maxOrNull(ingested_at) AS newest_sent_at, maxOrNull(landed_at) AS newest_landed_at
FROM raw.ingest_ledger FINAL WHERE project_id = {project:String} AND landed > 0
"""
BUILT = """
SELECT
    (SELECT maxOrNull(ended_at) FROM gosight.sessions WHERE project_id = {project:String}) AS
        newest_event_at,
    (SELECT count() FROM (SELECT session_id, sum(n) AS n FROM raw.session_index
        WHERE project_id = {project:String} GROUP BY session_id) AS landed
     LEFT JOIN (SELECT session_id, n FROM ops.done FINAL WHERE project_id = {project:String}) AS
         done
        USING (session_id)
     WHERE landed.n != done.n) AS waiting
"""
RUNS = """
SELECT plan_id, min(at) AS began_at, maxOrNullIf(at, p.state != 'open') AS ended_at,
    argMax(p.state, at) AS newest_state, anyIf(p.kind, p.state = 'open') AS run_kind
FROM ops.plans AS p GROUP BY plan_id ORDER BY plan_id DESC LIMIT 12
"""
DOCUMENTS = "SELECT served_plan, built_plan, behind_s, served_at FROM ops.documents_freshness"
ALERTS = """
SELECT rule_name, metric, of_group, coalesce(started_at, triggered_at) AS began_at, resolved_at,
    metric_value, threshold, is_corrected, notification_sent, has_failed_to_tell
FROM hxi.alerts WHERE project_id = %(project)s ORDER BY began_at DESC, alert_id LIMIT 50
"""
HEALTH_S = 2
BAR_DAYS = 30


def show(ask: Ask) -> Shown:
    """The page; its CSV is the ledger by day."""
    ledger = ask.marts.rows(LEDGER)
    runs = ask.marts.rows(RUNS)
    alerts = ask.served(ALERTS)
    landed, built = ask.marts.row(LANDED), ask.marts.row(BUILT)
    ingest = _ingest(ask.ingest_url)
    totals = {
        name: sum(row[name] for row in ledger) for name in (list(ledger[0])[1:] if ledger else ())
    }
    data = {
        "ledger": ledger,
        "totals": totals,
        "balances": not ledger or _balances(totals),
        "bars": charts.histogram(_by_day(ledger)),
        "reasons": ask.marts.rows(REASONS),
        "landed": landed,
        "built": built,
        "documents": ask.marts.row(DOCUMENTS),
        "alerts": alerts,
        "runs": [_timed(row) for row in runs],
        "ingest": ingest,
        "knows_ingest": bool(ask.ingest_url),
    }
    tables = (Table("ledger", ledger), Table("runs", runs), Table("alerts", alerts))
    return Shown("health.html", "Health", data, tables)


def _by_day(ledger: Sequence[Row]) -> list[int]:
    """What was received on each of the newest BAR_DAYS days, days without anything too."""
    received = {row["day"]: row["received"] for row in ledger}
    newest = max(received, default=date.min)
    return (
        [received.get(newest - timedelta(days=n), 0) for n in range(BAR_DAYS - 1, -1, -1)]
        if received
        else []
    )


def _balances(totals: dict[str, int]) -> bool:
    """received = valid + rejected + filtered; valid = landed + duplicate + refused + erased."""
    t = totals
    return (
        t["received"] == t["valid"] + t["rejected"] + t["filtered"]
        and t["valid"] == t["landed"] + t["duplicate"] + t["refused"] + t["erased"]
    )


def _timed(run: dict[str, Any]) -> dict[str, Any]:
    ended = run["ended_at"]
    took = None if ended is None else (ended - run["began_at"]).total_seconds() * 1000
    return {**run, "took_ms": took}


def _ingest(url: str) -> dict[str, Any] | None:
    """What ingest says of itself; None when it does not answer."""
    if not url:
        return None
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=HEALTH_S) as answer:
            told: dict[str, Any] = json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return told
