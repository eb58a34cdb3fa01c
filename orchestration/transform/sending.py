"""Sends compiled statements: what `dbt build` would send for the open plan, without dbt."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from clickhouse_connect.driver.exceptions import ClickHouseError

from orchestration.transform import compiled as texts
from orchestration.transform.compiled import Compiled, DataTest
from orchestration.transform.project import CLICKHOUSE, Project
from orchestration.transform.reporting import DbtRunError, Event, check, materialised, tell

REFUSED = (ClickHouseError, psycopg.Error)
THREADS = 2  # as dbt's profile has
# Of small plans, which take little memory: a delete is 5 ms of work and 50 ms of waiting.
SMALL_PLAN, SMALL_PLAN_THREADS = 1_000, 4
MANY_TESTS = 8
Row = Sequence[Any]
# By test: failing rows and why it failed, '' where it passed.
Judged = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Engine:
    """How statements reach the target under the run's lease, from any thread.

    `command` answers with how many rows it wrote.
    """

    query: Callable[[str], Sequence[Row]]
    command: Callable[[str], int]


@dataclass(frozen=True)
class Build:
    """One call: these nodes and their tests, of tables what the plan names; or tests alone."""

    project: Project
    unique_ids: Sequence[str]
    plan_id: int
    sessions: int

    @property
    def threads(self) -> int:
        """How many tables are written at once."""
        return SMALL_PLAN_THREADS if self.sessions <= SMALL_PLAN else THREADS

    @property
    def tables(self) -> list[str]:
        """Without the tests among them."""
        return [one for one in self.unique_ids if not one.startswith("test.")]


def live(build: Build, engine: Engine) -> str:
    """A digest of the tables and views of these nodes as they are; '' for tests alone."""
    known = build.project.manifest()["nodes"]  # looks for changed files each time
    nodes = [known[unique_id] for unique_id in build.tables]
    return str(engine.query(texts.live_query(build.project, nodes))[0][0]) if nodes else ""


def send(build: Build, compiled: Compiled, engine: Engine) -> Iterator[Event]:
    """Yields what `dbt build` would have told, then raises DbtRunError if any failed."""
    manifest = build.project.manifest()
    try:
        for unique_id, done in _written(build, compiled, engine, manifest):
            yield materialised(unique_id, manifest, done)
    except _ModelError as error:
        raise DbtRunError(f"dbt {build.project.target}: {error}") from error
    failed = []
    started = time.monotonic()
    judged = _judged_by(_statements(build, compiled.tests), compiled.tests, engine)
    share = (time.monotonic() - started) / max(len(judged), 1)
    for name, (failures, reason) in judged.items():
        metadata = {"failing_rows": failures, "seconds": round(share, 4)}
        yield from check(name, manifest, passed=not reason, metadata=metadata)
        if reason:
            failed.append(f"{manifest['nodes'][name]['name']}: {reason}")
    if failed:
        raise DbtRunError(f"dbt {build.project.target}: " + "; ".join(failed))


class _ModelError(Exception):
    """Names the model that an engine refused, with its words."""


def _written(
    build: Build, compiled: Compiled, engine: Engine, manifest: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Each node with its rows and seconds, as it is done, never before what it reads.

    Of those that could be next, the one that the longest chain of others waits for.
    """
    with_rows = _with_planned_rows(build, compiled, engine, manifest)
    reads = _reads(build.tables, manifest["parent_map"])
    order = TopologicalSorter(reads)
    order.prepare()
    waited_for = _chains(reads)
    ready: list[str] = []
    running: dict[Future[Mapping[str, float]], str] = {}

    def write(unique_id: str) -> Mapping[str, float]:
        node = manifest["nodes"][unique_id]
        started, rows = time.monotonic(), 0
        if insert := compiled.inserts.get(unique_id):
            tell(f"{node['schema']}.{node['name']}")
            if unique_id in with_rows:
                engine.command(texts.delete(node, build.plan_id))
            rows = engine.command(insert)
        return {"rows_written": rows, "seconds": round(time.monotonic() - started, 3)}

    with ThreadPoolExecutor(build.threads, thread_name_prefix="models") as pool:
        while order.is_active():
            ready = sorted([*ready, *order.get_ready()], key=lambda one: waited_for[one])
            while ready and len(running) < build.threads:
                next_one = ready.pop()
                running[pool.submit(write, next_one)] = next_one
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                unique_id = running.pop(done)
                try:
                    yield unique_id, done.result()
                except REFUSED as error:
                    name = manifest["nodes"][unique_id]["name"]
                    raise _ModelError(f"{name}: {error}") from error
                order.done(unique_id)


def _with_planned_rows(
    build: Build, compiled: Compiled, engine: Engine, manifest: Mapping[str, Any]
) -> set[str]:
    """Of the tables that rewrite: those that hold rows of the plan."""
    queries = [
        f"select '{unique_id}' from (select 1 from {texts.relation(node)}"
        f" where {texts.of_plan(node, build.plan_id)} limit 1)"
        for unique_id in compiled.inserts
        for node in [manifest["nodes"][unique_id]]
    ]
    return (
        {str(name) for (name,) in engine.query(" union all ".join(queries))} if queries else set()
    )


def _reads(unique_ids: Sequence[str], parents: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Each with those of them that it is made of, through whatever lies between."""
    wanted = set(unique_ids)

    def above(unique_id: str) -> Iterator[str]:
        for parent in parents.get(unique_id, ()):
            if parent in wanted:
                yield parent
            else:
                yield from above(parent)

    return {unique_id: set(above(unique_id)) for unique_id in unique_ids}


def _chains(reads: Mapping[str, set[str]]) -> dict[str, int]:
    """How many of them the longest chain has that begins with each and reads on from it."""
    longest = dict.fromkeys(reads, 1)
    for unique_id in reversed(list(TopologicalSorter(reads).static_order())):
        for read in reads[unique_id]:
            longest[read] = max(longest[read], longest[unique_id] + 1)
    return longest


def _statements(build: Build, tests: Mapping[str, DataTest]) -> int:
    """How many ask for them: most of a small plan's tests is planning, which takes one core."""
    is_small = build.sessions <= SMALL_PLAN and build.project is CLICKHOUSE
    return 2 if is_small and len(tests) >= MANY_TESTS else 1


def _judged_by(statements: int, tests: Mapping[str, DataTest], engine: Engine) -> Judged:
    """As `_judged`, by so many statements at once."""
    names = list(tests)
    parts = [{name: tests[name] for name in names[at::statements]} for at in range(statements)]
    with ThreadPoolExecutor(statements, thread_name_prefix="tests") as pool:
        found = pool.map(lambda part: _judged(part, engine), parts)
        return {name: judged for part in found for name, judged in part.items()}


def _judged(tests: Mapping[str, DataTest], engine: Engine) -> Judged:
    """Failing rows of each test and why it failed, '' where it passed."""
    if not tests:
        return {}
    try:
        rows = engine.query(texts.tests_in_one(tests))
    except REFUSED as error:
        if len(tests) > 1:  # asked alone, the one that the engine refuses is named
            return {
                name: judged
                for one, test in tests.items()
                for name, judged in _judged({one: test}, engine).items()
            }
        return {name: (0, str(error)) for name in tests}
    return {
        str(name): (int(failures), _reason(tests[name], int(failures), bool(should_error)))
        for name, failures, _, should_error in rows
    }


def _reason(test: DataTest, failures: int, should_error: bool) -> str:
    failed = texts.has_failed(test, should_error=should_error)
    return texts.message(test, failures) if failed else ""
