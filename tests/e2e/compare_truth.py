"""Is every table what the simulator planned? `python -m tests.e2e.compare_truth TRUTH.jsonl`

Works on the stack of the HXI_ variables or of --data-dir, whose project holds that traffic alone;
it only reads. Ends with 1 when anything differs.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click
import polars as pl
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import resolve
from tests.e2e import truth_file, truth_of_days, truth_of_sessions, truth_totals
from tests.e2e.truth_of_sessions import Check

SESSIONS_A_PART = 25_000
SHOWN = 5
# Where a part ends and the next begins, for both kinds of first columns.
HEX = "0123456789abcdef"

Part = tuple[str, str] | None
"""From (inclusive), to (exclusive); None: all rows."""


@dataclass(frozen=True)
class Difference:
    """One check that does not hold: how many rows differ, and the first of them."""

    check: str
    rows: int
    examples: str

    def __str__(self) -> str:
        return f"{self.check}: {self.rows} rows differ\n{self.examples}"


def differences(client: Client, project_id: str, truth: Path) -> Iterator[Difference]:
    """What of a project's marts is not as planned; empty when all is."""
    yield from _sums(client, project_id, truth)
    with tempfile.TemporaryDirectory() as folder:
        planned = truth_file.to_parquet(truth, Path(folder))
        sessions = planned.select(pl.len()).collect().item()
        for check in (*truth_of_sessions.CHECKS, *truth_of_days.CHECKS):
            yield from _differs(client, project_id, check, planned, _parts(check, sessions))


def _sums(client: Client, project_id: str, truth: Path) -> Iterator[Difference]:
    planned = truth_file.totals(truth)
    wrong = {
        name: (planned[name], found)
        for name, found in truth_totals.found(client, project_id).items()
        if name in planned and planned[name] != found
    }
    if wrong:
        lines = [f"  {name}: planned {a}, found {b}" for name, (a, b) in wrong.items()]
        yield Difference("totals", len(wrong), "\n".join(lines))


def _parts(check: Check, sessions: int) -> list[Part]:
    """Parts of about SESSIONS_A_PART sessions; days and pages are few enough to be taken whole."""
    wanted = 1 + sessions // SESSIONS_A_PART
    if check.part != Check.part or wanted == 1:
        return [None]
    borders = ["", *(HEX[n * 16 // wanted] for n in range(1, min(wanted, 16))), "g"]
    return list(pairwise(borders))


def _differs(
    client: Client, project_id: str, check: Check, truth: pl.LazyFrame, parts: list[Part]
) -> Iterator[Difference]:
    rows, examples = 0, ""
    for part in parts:
        wrong = _difference(client, project_id, check, truth, part)
        rows += wrong.height
        if wrong.height and not examples:
            examples = "\n".join(map(str, wrong.sort(wrong.columns).head(SHOWN).rows()))
    if rows:
        yield Difference(check.name, rows, examples)


def _difference(
    client: Client, project_id: str, check: Check, truth: pl.LazyFrame, part: Part
) -> pl.DataFrame:
    """Rows that one side has more often than the other; `surplus` > 0: found but not planned."""
    condition, parameters = "project_id = {p:String}", {"p": project_id}
    planned = check.planned(truth)
    columns = planned.collect_schema()
    if part:
        low, high = part
        first = pl.col(columns.names()[0])
        planned = planned.filter(first >= low, first < high)
        condition += f" AND {check.part} >= {{low:String}} AND {check.part} < {{high:String}}"
        parameters |= {"low": low, "high": high}
    table = client.query_arrow(
        check.found.replace("{rows}", condition), parameters=parameters, use_strings=True
    )
    found = pl.DataFrame(table)
    found.columns = columns.names()
    both = pl.concat(
        [
            planned.with_columns(surplus=pl.lit(-1)),
            found.lazy().cast(columns).with_columns(surplus=pl.lit(1)),
        ]
    )
    counted = both.group_by(columns.names()).agg(pl.col("surplus").sum())
    return counted.filter(pl.col("surplus") != 0).collect(engine="streaming")


@click.command()
@click.argument("truth", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), default=None)
def main(truth: Path, data_dir: Path | None) -> None:
    """Print what differs from TRUTH."""
    endpoints = resolve(data_dir)
    wrong = 0
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        for difference in differences(client, endpoints.project_id, truth):
            click.echo(str(difference))
            wrong += 1
    sessions = truth_file.totals(truth)["sessions"]
    click.echo(f"{sessions:,} sessions: {f'{wrong} checks differ' if wrong else 'all as planned'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
