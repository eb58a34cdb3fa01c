"""The job `ai`: beside runs, without their lease."""

import dagster as dg

from orchestration.ai.now import work_now
from orchestration.stores.settings import Settings


@dg.op
def queue_and_work(context: dg.OpExecutionContext) -> None:
    """Queues troubled visits and new issues and explains them; safe to repeat, and at once."""
    queued, worked = work_now(Settings.from_environment().postgres_dsn)
    for problem in (*queued.problems, *worked.stopped.values()):
        context.log.warning(problem)
    context.log.info(
        f"{queued.jobs} queued; {worked.completed} explained, {worked.waiting} to try again,"
        f" {worked.failed} failed"
    )


@dg.job(name="ai", executor_def=dg.in_process_executor)
def ai_job() -> None:
    """Explains troubled visits and new issues (docs/ai.md). Changes no mart; safe to repeat."""
    queue_and_work()


# Off until somebody switches it on.
AI_SCHEDULE = dg.ScheduleDefinition(
    name="ai_every_ten_minutes",
    job=ai_job,
    cron_schedule="*/10 * * * *",
    execution_timezone="UTC",
)
