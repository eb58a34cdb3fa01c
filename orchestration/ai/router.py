"""Which model a task goes to: by what an answer of each has cost so far. Pure but for one query.

Expected cost of an answer = (price of a call + a price for waiting) / share of calls that gave one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from orchestration.ai.providers import Model

Postgres = psycopg.Connection[Any]

SECOND_COSTS = 0.0002
"""US dollars that a second of waiting counts for: ten seconds weigh as much as a cheap call."""
TYPICAL_TOKENS = 1_500, 300
"""Of a call that was never made: a visit's facts, and an answer."""
TYPICAL_SECONDS = 2.0
SO_FAR = """
    SELECT model_selected, provider, count(*), count(*) FILTER (WHERE success),
           avg(latency_ms)::float8 / 1000, avg(cost_estimate)::float8
    FROM traceflow.neurorouter_logs
    WHERE task_type = %s AND success IS NOT NULL AND created_at > now() - interval '7 days'
    GROUP BY 1, 2"""


@dataclass(frozen=True)
class Record:
    """A model's calls for a task, of the last week; means of a call."""

    calls: int = 0
    answered: int = 0
    seconds: float = TYPICAL_SECONDS
    dollars: float | None = None


Records = Mapping[tuple[str, str], Record]
"""By name and provider."""


def records(connection: Postgres, task: str) -> Records:
    """What `neurorouter_logs` say."""
    rows = connection.execute(SO_FAR, (task,)).fetchall()
    return {
        (name, provider): Record(
            calls, answered, TYPICAL_SECONDS if seconds is None else seconds, dollars
        )
        for name, provider, calls, answered, seconds, dollars in rows
    }


def expected_cost(model: Model, record: Record) -> float:
    """US dollars an answer. A model that was never asked counts as one that answers."""
    listed = TYPICAL_TOKENS[0] * model.input_price + TYPICAL_TOKENS[1] * model.output_price
    dollars = listed / 1e6 if record.dollars is None else record.dollars
    # One answered call is assumed beside those made: one failure alone condemns nobody.
    share = (record.answered + 1) / (record.calls + 1)
    return (dollars + record.seconds * SECOND_COSTS) / share


def choose(models: Sequence[Model], so_far: Records) -> Model:
    """The cheapest; of equals the first."""
    return min(
        models,
        key=lambda one: expected_cost(one, so_far.get((one.name, one.provider), Record())),
    )
