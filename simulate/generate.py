"""Plan in, event batches and truth out: the generator's front door."""

from array import array
from collections.abc import Iterator
from random import Random

from gosight.ingest_pb2 import EventBatch

from simulate.delivery import Timed, batches
from simulate.dirt import soil
from simulate.film import film
from simulate.people import Crowd
from simulate.plan import DAY_MS, HOUR_MS, LONGEST_SESSION_MS, Plan
from simulate.truth import Truth
from simulate.visit import visit

# Visits per hour of the UTC day, relative to each other.
_HOURS = (5, 3, 2, 2, 2, 3, 5, 8, 10, 11, 11, 10, 9, 10, 10, 9, 9, 10, 12, 14, 15, 13, 10, 7)
_LATE_STARTS = 0.01  # share of visits begun in the last 90 s of a UTC day


def generate(plan: Plan, truth: Truth | None = None) -> Iterator[EventBatch]:
    """Batches of the plan's events, without a project key; `truth` fills while they are taken.

    The truth of a session is complete before its first event is handed out; totals are final when
    the iterator ends. Memory grows with the sessions open at one moment and 9 bytes a session.
    """
    rng = Random(f"visits {plan.seed}")
    delivery = Random(f"delivery {plan.seed}")
    return batches(_sessions(plan, rng, truth or Truth()), delivery)


def _sessions(plan: Plan, rng: Random, truth: Truth) -> Iterator[tuple[int, list[Timed]]]:
    crowd = Crowd(rng, plan.sessions)
    camera = Random(f"replay {plan.seed}")  # its own, so that recordings change no visit
    soiling = Random(f"dirt {plan.seed}")
    for offset in _starts(plan, rng):
        recorder = visit(rng, crowd.next(), plan.start_ms + offset, plan.dirty)
        if camera.random() < plan.recorded:
            film(recorder, camera)
        soil(recorder, soiling, plan.end_ms)
        truth.add(recorder.truth)
        yield recorder.truth.started_at, recorder.events


def _starts(plan: Plan, rng: Random) -> list[int]:
    """Starts in order, as ms after the plan's start; the last ones leave time for their visit."""
    span, midnight = plan.days * DAY_MS, -plan.start_ms % DAY_MS
    latest = span - LONGEST_SESSION_MS
    hours = range(24)
    drawn = array("q")
    while len(drawn) < plan.sessions:
        day = int(rng.random() * plan.days) * DAY_MS
        if rng.random() < _LATE_STARTS:
            in_day = DAY_MS - 1 - int(rng.random() * 90_000)
        else:
            in_day = int((rng.choices(hours, _HOURS)[0] + rng.random()) * HOUR_MS)
        start = (day + in_day + midnight) % span
        if start < latest:
            drawn.append(start)
    return sorted(drawn)
