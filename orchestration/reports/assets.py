"""The job `reports`: beside runs, without their lease."""

import dagster as dg

from orchestration.reports.now import mail_reports, standing_now


@dg.op
def mail_what_is_due(context: dg.OpExecutionContext) -> None:
    """Mails each project's report of the newest whole week to who has not got it; safe to repeat.

    Fails with what to do where one did not arrive.
    """
    mailed = mail_reports()
    context.log.info(f"week of {mailed.week}: {mailed.sent.sent} reports sent")
    if mailed.problems:
        raise dg.Failure("\n".join(mailed.problems))


@dg.job(name="reports", executor_def=dg.in_process_executor)
def reports_job() -> None:
    """Mails reports of whole weeks (docs/pages.md). Changes no mart; safe to repeat."""
    mail_what_is_due()


# It looks every hour, so that a week is sent when its last day is built, and what failed is tried
# again. On from the start: without a project that has receivers it asks for nothing.
@dg.schedule(
    name="reports_every_week",
    job=reports_job,
    cron_schedule="17 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def reports_schedule() -> dg.RunRequest | dg.SkipReason:
    """Asks for a run when a receiver waits for the report of the newest whole week."""
    week, found = standing_now()
    if not found.receivers:
        return dg.SkipReason("no project has receivers: hxi project report PROJECT --to ADDRESS")
    if not found.waiting:
        return dg.SkipReason(f"all reports of the week of {week} were sent, or failed for good")
    return dg.RunRequest()
