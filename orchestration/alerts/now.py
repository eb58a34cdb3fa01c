"""Judges every rule and sends what is due: what `hxi run` and the job `alerts` call."""

from contextlib import closing

from orchestration.alerts.evaluation import Evaluated, evaluate
from orchestration.alerts.outbox import AlertMessages, Sent, send_due
from orchestration.alerts.senders import Senders
from orchestration.stores.clients import kept_client, short_connection
from orchestration.stores.settings import Settings


def alert_now(settings: Settings | None = None) -> tuple[Evaluated, Sent]:
    """Needs the HXI_ variables unless `settings` are given; marts are read, never written."""
    settings = settings or Settings.from_environment()
    with closing(short_connection(settings.postgres_dsn)) as connection:
        evaluated = evaluate(kept_client(settings.clickhouse_url), connection)
        return evaluated, send_due(connection, Senders.from_environment(), AlertMessages())
