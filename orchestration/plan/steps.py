"""Which steps of a plan are finished, and whose runs work on it (decision 8).

A step is an asset's key as text. It counts as finished while what it reads was finished before it,
so that building a table again makes those that read it unfinished.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import Plan
from orchestration.stores.clients import integer


@dataclass(frozen=True)
class Attempt:
    """The last one at a step; `sequence` grows from attempt to attempt of a plan."""

    sequence: int
    is_finished: bool


def begin(client: Client, plan: Plan, steps: Iterable[str]) -> None:
    """Call before any of their rows is written: what was finished no longer is.

    Needed only for steps that are `recorded`.
    """
    _record(client, plan, steps, is_finished=False)


def recorded(client: Client, plan: Plan) -> set[str]:
    """Steps of which anything is known."""
    rows = client.query(
        "SELECT DISTINCT step FROM ops.plan_steps WHERE plan_id = {plan:UInt64}",
        parameters={"plan": plan.plan_id},
    ).result_rows
    return {str(step) for (step,) in rows}


def finish(client: Client, plan: Plan, steps: Iterable[str]) -> None:
    """Call when all their rows are written."""
    _record(client, plan, steps, is_finished=True)


def missing(client: Client, plan: Plan, reads: Mapping[str, Collection[str]]) -> list[str]:
    """Steps of `reads` that are still to be built; `reads` has the steps that each one reads."""
    rows = client.query(
        "SELECT step, max(sequence), argMax(is_finished, (sequence, is_finished))"
        " FROM ops.plan_steps WHERE plan_id = {plan:UInt64} GROUP BY step",
        parameters={"plan": plan.plan_id},
    ).result_rows
    return unfinished({step: Attempt(int(at), bool(done)) for step, at, done in rows}, reads)


def unfinished(attempts: Mapping[str, Attempt], reads: Mapping[str, Collection[str]]) -> list[str]:
    """Those of `reads` that are not finished, or were before something they read was."""
    never = Attempt(0, is_finished=False)

    def is_built(step: str) -> bool:
        last = attempts.get(step, never)
        newest = max((attempts.get(read, never).sequence for read in reads[step]), default=0)
        return last.is_finished and newest <= last.sequence

    return sorted(step for step in reads if not is_built(step))


def join(client: Client, plan: Plan, run_id: str) -> None:
    """Record that a run works on the plan."""
    client.command(
        "INSERT INTO ops.plan_runs (run_id, plan_id) VALUES ({run:String}, {plan:UInt64})",
        parameters={"run": run_id, "plan": plan.plan_id},
    )


def plan_of(client: Client, run_id: str) -> int:
    """The newest plan that a run worked on, 0 for none."""
    return integer(
        client,
        "SELECT max(plan_id) FROM ops.plan_runs WHERE run_id = {run:String}",
        {"run": run_id},
    )


def _record(client: Client, plan: Plan, steps: Iterable[str], *, is_finished: bool) -> None:
    client.command(
        "INSERT INTO ops.plan_steps (plan_id, sequence, step, is_finished, at)"
        " SELECT {plan:UInt64}, (SELECT max(sequence) + 1 FROM ops.plan_steps"
        " WHERE plan_id = {plan:UInt64}), arrayJoin({steps:Array(String)}), {finished:Bool},"
        " now64(3, 'UTC')",
        parameters={"plan": plan.plan_id, "steps": sorted(steps), "finished": is_finished},
    )
