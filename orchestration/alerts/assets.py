"""The job `alerts`: beside runs, without their lease."""

import dagster as dg

from orchestration.alerts.now import alert_now


@dg.op
def judge_and_tell(context: dg.OpExecutionContext) -> None:
    """Judges every active rule over the marts and sends what is due; safe to repeat."""
    evaluated, sent = alert_now()
    for problem in evaluated.problems:
        context.log.warning(problem)
    context.log.info(
        f"{evaluated.rules} rules, {evaluated.new} new; messages: {sent.sent} sent,"
        f" {sent.waiting} to try again, {sent.failed} failed, {sent.unknown} unknown"
    )


@dg.job(name="alerts", executor_def=dg.in_process_executor)
def alerts_job() -> None:
    """Judges alert rules over the marts and tells people. Changes no mart; safe to repeat."""
    judge_and_tell()


# Off until somebody switches it on; `hxi run` judges after each run by itself.
ALERTS_SCHEDULE = dg.ScheduleDefinition(
    name="alerts_every_minute",
    job=alerts_job,
    cron_schedule="* * * * *",
    execution_timezone="UTC",
)
