"""Queues what is worth explaining and works the queue: what `hxi ai work` and the job `ai` call."""

import os
from contextlib import closing

from orchestration.ai.providers import models_of
from orchestration.ai.queueing import Queued, queue_worthy
from orchestration.ai.worker import Worked, work
from orchestration.stores.clients import short_connection
from orchestration.stores.sight import require_sight


def work_now(postgres_dsn: str, at_most: int | None = None) -> tuple[Queued, Worked]:
    """Marts are read, only AI's columns written.

    ModelsError when HXI_AI_MODELS cannot be used, BlindError when row security hides visits.
    """
    models = models_of()
    is_private_allowed = os.environ.get("HXI_AI_ALLOW_PRIVATE", "") == "1"
    with closing(short_connection(postgres_dsn)) as connection:
        require_sight(connection)
        queued = queue_worthy(connection)
        return queued, work(connection, models, at_most=at_most, allow_private=is_private_allowed)
