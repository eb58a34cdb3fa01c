"""Random histories of the toy warehouse: what lands, what is erased, which runs die and where."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from tests.integration.plan.own_databases import CrashError, Parameters
from tests.integration.plan.toy_warehouse import (
    Event,
    Marts,
    Scheme,
    ToyWarehouse,
    full_recomputation,
)

# Four days around the end of a month, so that days move over a border of partitions too.
START = datetime(2024, 2, 28, 12, tzinfo=UTC)
HOURS = 4 * 24
PROJECTS = ("a", "b")
SESSIONS = tuple(UUID(int=number) for number in range(1, 5))
# A run of the toy warehouse makes about this many writes.
WRITES = 16

Key = tuple[str, UUID]


class NotExactError(AssertionError):
    """The marts differ from a full recomputation; the message holds the history."""


@dataclass
class History:
    """One history; `steps` tells what happened, for the message of a failure."""

    warehouse: ToyWarehouse
    random: Random
    rules: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PROJECTS, "r0"))
    landed: set[Event] = field(default_factory=set)
    erased: set[Key] = field(default_factory=set)
    # Last steps of landings (with their batch) and erasures that died before them; repeated later.
    owed: list[tuple[list[Key], UUID | None]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    tick: int = 0
    # The first landing of each event.
    batches: dict[Event, UUID] = field(default_factory=dict)
    landed_at: dict[Event, int] = field(default_factory=dict)

    def play(self, length: int) -> None:
        """`length` random steps, then all that is owed, then a run; NotExactError if it is not."""
        self.warehouse.empty()
        actions, weights = zip(*self.moves(), strict=True)
        self.land()
        for _ in range(length):
            self.random.choices(actions, weights)[0]()
            self.note()
        while self.owed:
            self.pay()
        self.run()

    def moves(self) -> list[tuple[Callable[[], None], int]]:
        """What may happen, and how often."""
        return [
            (self.land, 6),
            (self.erase, 3),
            (self.pay, 1),
            (self.change_rules, 1),
            (self.run, 2),
            (self.run_that_dies, 4),
            (self.run_while_landing, 4),
        ]

    def land(self) -> None:
        """A block of one to four events, copies of old ones among them; may die half-way."""
        self.note()
        block = [self._some_event() for _ in range(self.random.randint(1, 4))]
        block = [event for event in block if event.key not in self.erased]
        if not block:
            return
        self.steps.append(f"land {[(e.project, e.session.int, e.timestamp) for e in block]}")
        self.tick += 1
        for event in block:
            self.batches.setdefault(event, uuid5(event.session, str(self.tick)))
            self.landed_at.setdefault(event, self.tick)
            self.warehouse.insert_raw([event], self.batches[event], self.tick)
        self.landed.update(block)
        for batch in {self.batches[event] for event in block}:
            keys = [event.key for event in block if self.batches[event] == batch]
            self._finish(keys, batch)

    def erase(self) -> None:
        """A session goes for good; may die before the index says so."""
        if not self.landed:
            return
        key = self.random.choice(sorted(event.key for event in self.landed))
        self.steps.append(f"erase {key}")
        self.erased.add(key)
        self.warehouse.delete_raw(key)
        self.landed = {event for event in self.landed if event.key != key}
        self._finish([key])

    def pay(self) -> None:
        """Repeat the last step of what died."""
        if self.owed:
            keys, batch = self.owed.pop()
            self.steps.append(f"index {keys}")
            self.warehouse.bump_index(keys, batch)

    def change_rules(self) -> None:
        """The rules of one project change."""
        project = self.random.choice(PROJECTS)
        self.rules[project] = f"r{self.random.randint(0, 2)}"
        self.steps.append(f"rules {self.rules}")

    def run(self) -> None:
        """A whole run; the marts are exact after it unless somebody still owes the index a row."""
        full = self.random.random() < 0.1
        self.steps.append("run" + " full" * full)
        self.warehouse.run(self.rules, full=full)
        self.note()
        if not self.owed:
            self._compare()

    def note(self) -> None:
        """What the warehouse has decided by itself; called before anything else can happen."""

    def run_that_dies(self) -> None:
        """Before some write, or in the middle of one: ClickHouse inserts block by block."""
        last, torn = self.random.randrange(WRITES), self.random.random() < 0.5

        def before_write(number: int, statement: str, parameters: Parameters | None) -> None:
            if number == last:
                if torn and may_tear(statement):
                    self.warehouse.db.run(f"{statement} LIMIT 1", parameters)
                raise CrashError

        self.steps.append(f"run that dies at write {last}, torn {torn}")
        try:
            with self.warehouse.db.watched(before_write):
                self.warehouse.run(self.rules)
        except CrashError:
            return

    def run_while_landing(self) -> None:
        """Something lands between two writes of the run."""
        moment = self.random.randrange(WRITES)

        def before_write(number: int, _: str, __: Parameters | None) -> None:
            if number == moment:
                self.land()

        self.steps.append(f"run, and at write {moment}:")
        with self.warehouse.db.watched(before_write):
            self.warehouse.run(self.rules)

    def _some_event(self) -> Event:
        if self.landed and self.random.random() < 0.2:
            return self.random.choice(sorted(self.landed, key=lambda event: event.id))
        return self._new_event()

    def _new_event(self) -> Event:
        return Event(
            self.random.choice(PROJECTS),
            self.random.choice(SESSIONS),
            UUID(int=self.random.getrandbits(128)),
            START + timedelta(hours=self.random.randrange(HOURS)),
        )

    def _finish(self, keys: list[Key], batch: UUID | None = None) -> None:
        if self.random.random() < 0.3:
            self.steps.append("  and dies before the index")
            self.owed.append((keys, batch))
        else:
            self.warehouse.bump_index(keys, batch)

    def expected(self) -> Marts:
        """What the marts must hold."""
        return full_recomputation(self.landed, lambda event: self.rules[event.project])

    def _compare(self) -> None:
        found, expected = self.warehouse.marts(), self.expected()
        if found != expected:
            history = "\n".join(self.steps)
            raise NotExactError(f"{history}\n{_difference(found, expected)}")


def _difference(found: Marts, expected: Marts) -> str:
    lines = []
    for table in ("events", "sessions", "daily"):
        left, right = getattr(found, table), getattr(expected, table)
        lines += [f"{table} has  {row}" for row in left if row not in right or left.count(row) > 1]
        lines += [f"{table} lacks {row}" for row in right if row not in left]
    return "\n".join(lines)


def may_tear(statement: str) -> bool:
    """Whether an insert that dies may have written some of its rows."""
    is_of_many = "SELECT" in statement and "LIMIT" not in statement
    return statement.lstrip().startswith("INSERT") and is_of_many


def play(
    warehouse: ToyWarehouse, seed: int, length: int = 9, kind: type[History] = History
) -> None:
    """One history; NotExactError names the seed that repeats it."""
    history = kind(warehouse, Random(seed))
    try:
        history.play(length)
    except NotExactError as error:
        raise NotExactError(f"history {seed} with {warehouse.scheme}:\n{error}") from None


def first_counterexample(
    warehouse: ToyWarehouse, seeds: range, kind: type[History] = History
) -> int | None:
    """The first seed whose history ends wrong, None if none does."""
    for seed in seeds:
        try:
            play(warehouse, seed, kind=kind)
        except NotExactError:
            return seed
    return None


# Each with the history that is played first, which shows it.
MISTAKES = (
    (Scheme(deletes_by_plan=False), 1),
    (Scheme(counts_before_raw=False), 7),
    (Scheme(plans_days_left=False), 1),
    (Scheme(takes_over=False), 1),
)
