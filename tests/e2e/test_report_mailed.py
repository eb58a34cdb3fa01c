"""Reports of whole weeks go to whom a project names: once each, and what failed says what to do."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner

from hxi.admin import projects
from hxi.admin.endpoints import Endpoints
from hxi.project import project
from hxi.report import report
from orchestration.reports.assets import reports_job, reports_schedule
from orchestration.reports.now import mail_reports
from pages.report import write
from tests.e2e.conftest import PlannedWarehouse
from tests.integration.alerts.receivers import mail_receiver

Postgres = psycopg.Connection[Any]


@pytest.fixture
def slug(planned_warehouse: PlannedWarehouse, postgres: Postgres, variables: None) -> Iterator[str]:
    """A project with two receivers, in an environment as a job has it, without a mail server."""
    project_id, slug, _ = projects.create(postgres, f"mailed {uuid4().hex}")
    said(project, "report", slug, "--to", "pm@example.com", "--to", "cto@example.com")
    yield slug
    said(project, "report", slug, "--off")
    postgres.execute("DELETE FROM ops.report_messages WHERE project_id = %s", (project_id,))


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a mail server of its own took; the environment names it."""
    with mail_receiver() as (url, taken):
        monkeypatch.setenv("HXI_ALERTS_SMTP_URL", url)
        yield taken


def said(command: Any, *words: str) -> str:
    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def parts(mail: str) -> tuple[EmailMessage, str, EmailMessage]:
    """A mail, its text, and the file it carries."""
    parsed = message_from_bytes(mail.encode(), EmailMessage, policy=default)
    text = parsed.get_body(("plain",))
    assert text is not None
    (attached,) = parsed.iter_attachments()
    return parsed, text.get_content(), attached


def asked_for() -> bool:
    """Whether the schedule asks for a run."""
    return isinstance(reports_schedule(dg.build_schedule_context()), dg.RunRequest)


def test_each_receiver_gets_a_week_once_whoever_sends_at_once(
    slug: str, mails: list[str], postgres: Postgres
) -> None:
    assert asked_for()
    senders = [Thread(target=mail_reports) for _ in range(3)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert sorted(parts(mail)[0]["To"] for mail in mails) == ["cto@example.com", "pm@example.com"]
    assert not asked_for()

    # Its sender died: the mail server may have the message, which it tells by its id.
    postgres.execute(
        "UPDATE ops.report_messages SET state = 'sending', claimed_until = now()"
        " WHERE channel->>'to' = 'pm@example.com'"
    )
    assert asked_for()
    assert mail_reports().sent.sent == 1
    of_pm = [parts(mail)[0]["Message-ID"] for mail in mails if "To: pm@" in mail]
    assert len(of_pm) == 2
    assert len(set(of_pm)) == 1

    said(project, "report", slug, "--to", "new@example.com")
    assert mail_reports().sent.sent == 1
    assert len(mails) == 4
    assert "To: new@example.com" in mails[-1]


def test_a_mail_carries_the_report_of_the_newest_whole_week(
    planned_warehouse: PlannedWarehouse,
    endpoints: Endpoints,
    postgres: Postgres,
    slug: str,
    mails: list[str],
    tmp_path: Path,
) -> None:
    week = mail_reports().week
    assert week.weekday() == 0
    assert timedelta(days=7) <= datetime.now(UTC).date() - week <= timedelta(days=14)
    sunday, name = week + timedelta(days=6), f"{slug}-{week}.html"
    out = tmp_path / name
    expected = write(endpoints, slug, "week", sunday, out)
    mail, text, attached = parts(mails[0])
    assert text.strip() == expected.strip()
    assert mail["Subject"] == expected.splitlines()[0]
    assert attached.get_content_type() == "text/html"
    assert attached.get_filename() == name
    content = attached.get_content()
    made_at = re.compile(r"Made [^<]*")
    assert made_at.sub("", content) == made_at.sub("", out.read_text())

    # Text and file say the same of a week with sessions.
    ((newest,),) = planned_warehouse.client.query(
        "SELECT max(day) FROM gosight.project_days WHERE project_id = {project:String}",
        parameters={"project": planned_warehouse.project_id},
    ).result_rows
    told = write(endpoints, planned_warehouse.project_id, "week", newest, out)
    (sessions,) = re.findall(r"^Sessions: ([\d,]+)", told, re.MULTILINE)
    assert f">{sessions}<" in out.read_text()


def test_what_cannot_be_sent_fails_with_what_to_do(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = reports_job.execute_in_process(raise_on_error=False)
    assert not failed.success
    (event,) = [one for one in failed.all_events if one.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    assert f"report of {slug}" in error.message
    assert "HXI_ALERTS_SMTP_URL is not set; `hxi report --mail` tries again" in error.message
    assert not asked_for(), "nothing changes by asking again"

    with mail_receiver() as (url, mails):
        monkeypatch.setenv("HXI_ALERTS_SMTP_URL", url)
        assert not reports_job.execute_in_process(raise_on_error=False).success
        assert mails == [], "what failed for good waits for a person"
        assert "2 reports sent" in said(report, "--mail")
        assert len(mails) == 2


def test_a_server_that_is_away_is_tried_again(
    slug: str, monkeypatch: pytest.MonkeyPatch, postgres: Postgres
) -> None:
    monkeypatch.setenv("HXI_ALERTS_SMTP_URL", "smtp://127.0.0.1:9")
    mailed = mail_reports()
    assert mailed.sent.waiting == 2
    assert all("it is tried again" in line for line in mailed.problems)
    assert asked_for()
    postgres.execute("UPDATE ops.report_messages SET next_attempt_at = now()")
    with mail_receiver() as (url, mails):
        monkeypatch.setenv("HXI_ALERTS_SMTP_URL", url)
        assert reports_job.execute_in_process().success
        assert len(mails) == 2


def test_settings_that_somebody_wrote_by_hand_stop_no_other_report(
    slug: str, mails: list[str], postgres: Postgres
) -> None:
    nonsense = ('"a@example.com"', '["nobody", "a@x.com\\nBcc: b@x.com"]')
    made = [projects.create(postgres, f"odd {uuid4().hex}") for _ in (*nonsense, "kind")]
    for (project_id, _, _), to in zip(made, (*nonsense, '["c@example.com"]'), strict=True):
        postgres.execute(
            "UPDATE gosight.projects SET settings = jsonb_build_object('report',"
            " jsonb_build_object('to', %s::jsonb, 'format', 'html')) WHERE id = %s",
            (to, project_id),
        )
    postgres.execute(
        "UPDATE gosight.projects SET settings = jsonb_set(settings, '{report,format}', '\"doc\"')"
        " WHERE id = %s",
        (made[-1][0],),
    )
    mailed = mail_reports()
    assert sorted(parts(mail)[0]["To"] for mail in mails) == ["cto@example.com", "pm@example.com"]
    reasons = " ".join(mailed.problems)
    assert "'nobody' is no e-mail address" in reasons
    assert "Bcc: b@x.com' is no e-mail address" in reasons
    assert "format is one of html, pdf, not 'doc'" in reasons
    for project_id, _, _ in made:
        postgres.execute("UPDATE gosight.projects SET settings = '{}' WHERE id = %s", (project_id,))


def test_without_receivers_nothing_is_asked_for(
    slug: str, mails: list[str], postgres: Postgres
) -> None:
    said(project, "report", slug, "--off")
    skipped = reports_schedule(dg.build_schedule_context())
    assert isinstance(skipped, dg.SkipReason)
    assert "hxi project report" in str(skipped.skip_message)
    assert reports_job.execute_in_process().success
    assert mails == []
    assert CliRunner().invoke(report, ["--mail", "--out", "x.html"]).exit_code == 2
    assert CliRunner().invoke(report, ["--project", slug]).exit_code == 2
    refused = CliRunner().invoke(project, ["report", slug, "--to", "a@x.com\nBcc: b@x.com"])
    assert "is no e-mail address" in str(refused.exception)
