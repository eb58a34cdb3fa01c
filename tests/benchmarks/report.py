"""How benchmarks say what they measured: each figure beside a bare baseline of the same run."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click


@dataclass(frozen=True)
class Timed:
    """What a call took and gave."""

    seconds: float
    result: Any


def timed(work: Callable[[], Any]) -> Timed:
    """Wall time of one call."""
    started = time.perf_counter()
    result = work()
    return Timed(time.perf_counter() - started, result)


@dataclass
class Report:
    """Prints a line a figure; keeps all for `--json` and the page."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    _section: str = ""

    def section(self, title: str) -> None:
        """A heading; what follows belongs to it."""
        self._section = title
        click.echo(f"\n{title}")

    def rate(self, name: str, count: int, seconds: float) -> float:
        """Count per second, on its own."""
        rate = count / seconds
        self._keep(name, events=count, seconds=seconds, per_second=rate)
        click.echo(f"  {name:<44} {rate:>12,.0f} /s   ({count:,} in {seconds:.2f} s)")
        return rate

    def ratio(self, name: str, value: float, limit: str = "") -> None:
        """A figure that may be compared between machines."""
        self._keep(name, ratio=value, limit=limit)
        click.echo(f"  {name:<44} {value:>12.2f} x   {limit}".rstrip())

    def seconds(self, name: str, value: float, limit: str = "") -> None:
        """A time that stands for itself."""
        self._keep(name, seconds=value, limit=limit)
        click.echo(f"  {name:<44} {value:>12.2f} s   {limit}".rstrip())

    def microseconds(self, name: str, seconds: float) -> None:
        """A time per event, given in seconds."""
        self._keep(name, microseconds=seconds * 1e6)
        click.echo(f"  {name:<44} {seconds * 1e6:>12.2f} us".rstrip())

    def megabytes(self, name: str, value: float, limit: str = "") -> None:
        """Memory, MiB."""
        self._keep(name, mebibytes=value, limit=limit)
        click.echo(f"  {name:<44} {value:>12,.0f} MiB {limit}".rstrip())

    def number(self, name: str, value: float, limit: str = "") -> None:
        """How many."""
        self._keep(name, count=value, limit=limit)
        click.echo(f"  {name:<44} {value:>12,.0f}     {limit}".rstrip())

    def curve(self, name: str, points: list[dict[str, float]]) -> None:
        """Kept for `--json`, and drawn on the page."""
        for point in points:
            click.echo("  " + ", ".join(f"{key} {value:,.2f}" for key, value in point.items()))
        self._keep(name, points=points)

    def _keep(self, name: str, **figures: Any) -> None:
        self.figures.append({"section": self._section, "name": name, **figures})
