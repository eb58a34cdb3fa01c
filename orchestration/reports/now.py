"""Mails the reports that are due: what the job `reports` and `hxi report --mail` call."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

from orchestration.alerts.evaluation import complete_to
from orchestration.alerts.outbox import Sent, send_due
from orchestration.alerts.senders import Senders
from orchestration.reports.message import ReportMessages
from orchestration.reports.receivers import Standing, newest_week, problems, queue, standing
from orchestration.stores.clients import kept_client, short_connection
from orchestration.stores.settings import Settings


@dataclass
class Mailed:
    """What came of the reports of `week`, a Monday; `problems`: those that did not arrive."""

    week: date
    sent: Sent
    problems: list[str] = field(default_factory=list)


def mail_reports(*, again: bool = False, settings: Settings | None = None) -> Mailed:
    """Each receiver gets each week once, however often this is called, and at once.

    `again`: also what failed for good, for somebody who has mended the reason.
    """
    settings = settings or Settings.from_environment()
    week = newest_week(complete_to(kept_client(settings.clickhouse_url)))
    with closing(short_connection(settings.postgres_dsn)) as connection:
        queue(connection, week, again=again)
        sent = send_due(connection, Senders.from_environment(), ReportMessages())
        return Mailed(week, sent, problems(connection, week))


def standing_now(settings: Settings | None = None) -> tuple[date, Standing]:
    """The week whose report is due, and who waits for it."""
    settings = settings or Settings.from_environment()
    with closing(short_connection(settings.postgres_dsn)) as connection:
        week = newest_week(complete_to(kept_client(settings.clickhouse_url)))
        return week, standing(connection, week)
