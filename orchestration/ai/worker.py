"""Works the queue: a job at a time, through the analyst or a model, until none is due."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from orchestration.ai import analyst
from orchestration.ai.claims import Job, claim, complete, give_back, stopped
from orchestration.ai.facts import facts_of
from orchestration.ai.providers import Answer, Model, able, ask, cost_of
from orchestration.ai.router import choose, records
from orchestration.ai.tasks import CODE_FIX, TASKS, NonsenseError, Task, checked
from orchestration.alerts.post import FailedError, RefusedError, UnknownError

Postgres = psycopg.Connection[Any]
ANALYST = Model(analyst.MODEL, analyst.PROVIDER, "")
# `success` is NULL until it is known: for ever, of a call whose worker died.
BEGUN = """
    INSERT INTO traceflow.neurorouter_logs
        (project_id, task_type, model_selected, provider, success, error_message, session_id)
    VALUES (%(project_id)s, %(task)s, %(model)s, %(provider)s, NULL, 'it has not ended',
            %(session_id)s)
    RETURNING id"""
ENDED = """
    UPDATE traceflow.neurorouter_logs
    SET latency_ms = %(latency)s, input_tokens = %(input)s, output_tokens = %(output)s,
        total_tokens = %(input)s + %(output)s, cost_estimate = %(cost)s,
        success = %(error)s::text IS NULL, error_message = %(error)s
    WHERE id = %(call)s"""


@dataclass
class Worked:
    """Jobs by how their attempts ended, and why projects' work has stopped."""

    completed: int = 0
    waiting: int = 0
    failed: int = 0
    lost: int = 0  # another worker had taken them meanwhile
    stopped: dict[str, str] = field(default_factory=dict)


@dataclass
class _Call:
    """What `neurorouter_logs` keep of a call."""

    model: Model
    seconds: float = 0.0
    answer: Answer | None = None
    error: str | None = None


def work(
    connection: Postgres,
    models: Sequence[Model] = (),
    *,
    at_most: int | None = None,
    allow_private: bool = False,
) -> Worked:
    """Do all jobs that are due, or so many. The connection commits each statement."""
    done = Worked()
    for _ in range(at_most) if at_most is not None else _for_ever():
        job = claim(connection)
        if job is None:
            break
        _count(done, _attempt(connection, models, job, allow_private=allow_private))
    done.stopped = stopped(connection)
    return done


def _for_ever() -> Iterator[int]:
    while True:
        yield 0


def _count(done: Worked, ended: str) -> None:
    name = {"completed": "completed", "pending": "waiting", "failed": "failed"}.get(ended, "lost")
    setattr(done, name, getattr(done, name) + 1)


def _attempt(
    connection: Postgres, models: Sequence[Model], job: Job, *, allow_private: bool
) -> str:
    """How the job stands after it; '' when it is another worker's."""
    task = TASKS.get(job.task_type)
    if task is None:
        return give_back(connection, job, f"no task is called {job.task_type}", is_final=True)
    if task.name == CODE_FIX and job.issue_key is None:
        return give_back(connection, job, "it names no issue", is_final=True)
    facts = facts_of(connection, job.project_id, job.session_id, job.issue_key)
    if facts is None:
        return give_back(connection, job, "what it is about is gone", is_final=True)
    model = _chosen(connection, models, task)
    with _called(connection, job, model) as call:
        answer = _answer(call, task, facts, allow_private=allow_private)
    if answer is None:
        return give_back(connection, job, f"{model.name}: {call.error}")
    return "completed" if complete(connection, job, answer, model.name) else ""


def _chosen(connection: Postgres, models: Sequence[Model], task: Task) -> Model:
    fit = able(models, task.name)
    return choose(fit, records(connection, task.name)) if fit else ANALYST


@contextmanager
def _called(connection: Postgres, job: Job, model: Model) -> Iterator[_Call]:
    """Logs a call before it is made and times it: it is paid for, whoever dies meanwhile."""
    of_whom = {"task": job.task_type, "model": model.name, "provider": model.provider}
    ((logged,),) = connection.execute(BEGUN, {**job.named, **of_whom}).fetchall()
    call, started = _Call(model), time.monotonic()
    yield call
    call.seconds = time.monotonic() - started
    spent = call.answer or Answer(None, 0, 0)
    connection.execute(
        ENDED,
        {
            "call": logged,
            "latency": round(call.seconds * 1000),
            "input": spent.input_tokens,
            "output": spent.output_tokens,
            "cost": cost_of(model, spent.input_tokens, spent.output_tokens),
            "error": call.error,
        },
    )


def _answer(
    call: _Call, task: Task, facts: Mapping[str, Any], *, allow_private: bool
) -> dict[str, Any] | None:
    """None when the call gave none; `call` says why."""
    try:
        if call.model is ANALYST:
            call.answer = Answer(analyst.analyse(task.name, facts), 0, 0)
        else:
            call.answer = ask(call.model, task, facts, allow_private=allow_private)
        return checked(task, call.answer.said)
    except (RefusedError, FailedError, UnknownError, NonsenseError) as error:
        call.error = str(error)[:500]
        return None
