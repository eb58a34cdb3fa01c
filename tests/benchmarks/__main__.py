"""`make bench`: what the warehouse costs, as ratios to bare baselines measured in the same run."""

import json
import tempfile
from pathlib import Path

import click

from stack.embedded import Stack
from stack.simulate import Plan, generate
from tests.benchmarks import doors, landing, pipeline
from tests.benchmarks.memory import peak_mib
from tests.benchmarks.report import Report

DOOR_SESSIONS = 2_000  # about 50,000 events


@click.command()
@click.option("--events", default=1_000_000, show_default=True, help="Size of the pipeline's part.")
@click.option("--only", type=click.Choice(["doors", "landing", "pipeline"]), multiple=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Keep the figures here.")
def main(events: int, only: tuple[str, ...], json_file: Path | None) -> None:
    """Measure on embedded stores of its own; absolute times are those of this machine."""
    report = Report()
    wanted = only or ("doors", "landing", "pipeline")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), ports="auto", environment={}) as stack,
    ):
        stack.start_stores()
        stack.start_ingest()
        batches = list(generate(Plan(DOOR_SESSIONS, days=7, seed=3)))
        if "landing" in wanted:
            landing.measure(report, stack.endpoints, batches)
        if "pipeline" in wanted:
            pipeline.measure(report, stack.endpoints, stack.pids, events)
        if "doors" in wanted:
            doors.measure(report, stack.endpoints, batches)
        report.section("peak memory of each process")
        for name, pid in stack.pids.items():
            report.megabytes(name, peak_mib(pid))
    if json_file:
        json_file.write_text(json.dumps(report.figures, indent=2))


if __name__ == "__main__":
    main()
