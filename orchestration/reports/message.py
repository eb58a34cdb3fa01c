"""A report as a message: made by a process of the pages, kept for all who get the same."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from orchestration.alerts.post import FailedError, RefusedError
from orchestration.alerts.senders import Message
from orchestration.stores.settings import CHECKOUT

Postgres = psycopg.Connection[Any]
KINDS = {"html": "text/html", "pdf": "application/pdf"}
MADE_WITHIN_S = 240
# What `python -m pages.report` ends with when trying again will not help.
IMPOSSIBLE = 2
PROJECT = """
    SELECT slug, coalesce(settings->'report'->>'format', 'html') FROM gosight.projects
    WHERE id = %s"""


@dataclass(frozen=True)
class Report:
    """`text`: what the mail says; `attached`: as `Message` has it."""

    text: str
    attached: tuple[str, str, bytes]


@dataclass
class ReportMessages:
    """Messages of `ops.report_messages`; a report is made once for all its receivers."""

    table: str = "ops.report_messages"
    claim_s: int = MADE_WITHIN_S + 60
    made: dict[tuple[str, date], Report] = field(default_factory=dict)

    def message(self, connection: Postgres, claimed: Any) -> Message:
        key = (str(claimed.project_id), claimed.since)
        if key not in self.made:
            ((slug, kind),) = connection.execute(PROJECT, (claimed.project_id,)).fetchall()
            self.made[key] = made(slug, claimed.since, kind)
        report = self.made[key]
        return Message(str(claimed.message_id), report.text, {}, report.attached)

    def told(self, connection: Postgres, claimed: Any) -> None:
        """The row says it all."""


def made(slug: str, week: date, kind: str) -> Report:
    """Of the stack that the HXI_ variables name. RefusedError or FailedError with the reason."""
    if kind not in KINDS:
        raise RefusedError(f"a report's format is one of {', '.join(KINDS)}, not {kind!r}")
    name = f"{slug}-{week}.{kind}"
    with TemporaryDirectory() as folder:
        out = Path(folder) / name
        until = week + timedelta(days=6)
        asked = ["--project", slug, "--period", "week", "--until", str(until), "--out", str(out)]
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "pages.report", *asked],
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                timeout=MADE_WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise FailedError(f"the report was not made within {MADE_WITHIN_S} s") from error
        if ended.returncode:
            kept = RefusedError if ended.returncode == IMPOSSIBLE else FailedError
            raise kept((ended.stderr.strip().splitlines() or ["it was not made"])[-1])
        return Report(ended.stdout, (name, KINDS[kind], out.read_bytes()))
