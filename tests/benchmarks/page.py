"""What was measured as a page: ratios first, then the rest by section, and drawings of curves."""

import os
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.plot import drawn

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/benchmarks.md"
# A figure's value by what it is measured in, and how it is written.
UNITS = {
    "ratio": "{:.2f} x",
    "per_second": "{:,.0f} /s",
    "seconds": "{:.2f} s",
    "microseconds": "{:.2f} µs",
    "mebibytes": "{:,.0f} MiB",
    "count": "{:,.0f}",
}
FEW_DIGITS = 100  # from here on fractions say nothing
Figure = Mapping[str, Any]


def write_page(figures: Sequence[Figure], command: str, page: Path = PAGE) -> None:
    """Replaces the page, and the drawings in the folder of its name."""
    folder = page.with_suffix("")
    lines = [*_head(command), *_ratios(figures)]
    for section, some in groupby(figures, lambda one: one["section"]):
        lines += _table(section, [one for one in some if _value(one) and "ratio" not in one])
    for one in figures:
        if "points" in one:
            lines += _curve(one, folder)
    page.write_text("\n".join(lines) + "\n")


def _head(command: str) -> Iterator[str]:
    memory = psutil.virtual_memory().total / (1 << 30)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    yield "# Benchmarks"
    yield ""
    yield f"Written by `{command}`; run it again to replace this page. Ratios may be compared"
    yield "between machines, times may not. Everything is on, derived documents included, and the"
    yield "stores are the embedded ones."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| date | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC |"
    yield f"| commit | {_commit()} |"
    yield f"| machine | {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB |"
    yield f"| load at the end (1, 5, 15 min) | {load} |"
    yield f"| Python, system | {platform.python_version()}, {platform.system()} |"


def _ratios(figures: Iterable[Figure]) -> list[str]:
    rows = [
        f"| {one['section']} | {one['name']} | {_value(one)} | {one['limit']} |"
        for one in figures
        if "ratio" in one
    ]
    head = ["", "## Ratios", "", "| of | what | ratio | bar |", "|---|---|---:|---|"]
    return [*head, *rows] if rows else []


def _table(section: str, figures: list[Figure]) -> list[str]:
    rows = [f"| {one['name']} | {_value(one)} | {one.get('limit', '')} |" for one in figures]
    return ["", f"## {section}", "", "| what | value | bar |", "|---|---:|---|", *rows] * bool(rows)


def _value(figure: Figure) -> str:
    """'' for a curve."""
    return next((text.format(figure[unit]) for unit, text in UNITS.items() if unit in figure), "")


def _curve(figure: Figure, folder: Path) -> list[str]:
    """A table, and a drawing for each column but the first, which is what they are drawn over."""
    points = figure["points"]
    over, *columns = points[0]
    folder.mkdir(exist_ok=True)
    lines = ["", f"## {figure['name']}", ""]
    lines += [_row(points[0]), "|" + "---:|" * len(points[0])]
    lines += [_row(_short(value) for value in point.values()) for point in points]
    lines.append("")
    for column in columns:
        name = "".join(letter if letter.isalnum() else "-" for letter in column).lower()
        file = folder / f"{name}.svg"
        file.write_text(drawn(column, over, [(one[over], one[column]) for one in points]))
        lines.append(f"![{column} by {over}]({folder.name}/{file.name})")
    return lines


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= FEW_DIGITS else f"{value:.2f}"


def _commit() -> str:
    """With a + where files differ from it."""
    asked = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _processor() -> str:
    """Its name as the kernel tells it, where it does."""
    told = Path("/proc/cpuinfo")
    for line in told.read_text().splitlines() if told.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
