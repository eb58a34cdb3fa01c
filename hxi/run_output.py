"""What `hxi run` prints: a line that moves (in a log one line a stage), then a short summary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from orchestration.run.outcome import Refreshed

Show = Callable[[str, str, int], None]
"""Called with the stage, the table at hand ('' at a stage's begin) and the rows written so far."""


@contextmanager
def shown(console: Console | None = None) -> Iterator[Show]:
    """On stderr, because it is not the answer."""
    console = console or Console(stderr=True)
    if console.is_terminal:
        with _line(console) as show:
            yield show
    else:
        yield _by_stage()


@contextmanager
def _line(console: Console) -> Iterator[Show]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as line:
        task = line.add_task("plan", total=None, rows="")

        def show(stage: str, table: str, rows: int) -> None:
            line.update(
                task, description=f"{stage}  {table}", rows=f"{rows:,} rows written" if rows else ""
            )

        yield show


def _by_stage() -> Show:
    begun: list[str] = []

    def show(stage: str, _table: str, _rows: int) -> None:
        if stage not in begun:
            begun.append(stage)
            click.echo(f"building: {stage}", err=True)

    return show


def summary(refreshed: "Refreshed", seconds: float) -> Iterator[str]:
    """Lines; one alone when nothing was new."""
    if not refreshed.planned_sessions and not refreshed.failed_checks:
        yield f"nothing was new in {seconds:.1f} s"
        return
    yield f"{refreshed.planned_sessions:,} sessions rebuilt in {seconds:.1f} s"
    for stage, rows in refreshed.written.items():
        yield f"  {stage:<22}{rows:>12,} rows written"
    failed = len(refreshed.failed_checks)
    yield f"  {'checks':<22}{refreshed.passed_checks:>12,} passed, {failed} failed"
    for check in refreshed.failed_checks:
        yield f"CHECK FAILED {check}"
