"""The models of ClickHouse: their SQL as dbt compiles it now, their order, and their keys."""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from orchestration.preview.names import Name
from orchestration.transform.compiled import made_from
from orchestration.transform.project import CLICKHOUSE, Project
from orchestration.transform.reporting import DbtRunError


class UnknownModelError(Exception):
    """No table of that name is built by runs; the message names those that are."""


@dataclass(frozen=True)
class Model:
    """A node of dbt's graph with what a part of it is built from; `sql` is '' for a seed."""

    node: Mapping[str, Any]
    sql: str

    @property
    def name(self) -> Name:
        """As it is served."""
        return str(self.node["schema"]), str(self.node["alias"])

    @property
    def kind(self) -> str:
        """The materialisation: 'rewrite', 'view' or 'seed'."""
        return str(self.node["config"]["materialized"])

    @property
    def columns(self) -> Mapping[str, str]:
        """Type by name."""
        return {name: column["data_type"] for name, column in self.node["columns"].items()}

    @property
    def is_of_events(self) -> bool:
        """Whether it is built before the signals."""
        return bool(self.node["config"].get("group") == "events")

    @property
    def is_mart(self) -> bool:
        """Whether people read it."""
        return self.kind == "rewrite" and self.name[0] == "gosight"


def models(project: Project = CLICKHOUSE) -> list[Model]:
    """All that are there at run time, none before one that it reads."""
    nodes, sql = project.manifest()["nodes"], _compiled(project)
    order = TopologicalSorter(project.manifest()["parent_map"]).static_order()
    return [
        Model(nodes[one], sql.get(one, ""))
        for one in order
        if one in nodes
        and nodes[one]["resource_type"] in {"model", "seed"}
        and nodes[one]["config"]["materialized"] != "ephemeral"
    ]


def selected(
    found: Sequence[Model], names: Sequence[str], project: Project = CLICKHOUSE
) -> tuple[list[Model], list[Model]]:
    """What is to be built, and what is to be compared.

    By names of tables, `name+` for all that is made of it too; no names: all marts.
    """
    manifest = project.manifest()
    by_name = {model.name[1]: model for model in found if model.kind == "rewrite"}
    wanted: set[str] = set()
    for text in names:
        if text.rstrip("+") not in by_name:
            raise UnknownModelError(f"no table {text}: there are {', '.join(sorted(by_name))}")
        unique_id = by_name[text.rstrip("+")].node["unique_id"]
        wanted |= (
            _reached([unique_id], manifest["child_map"]) if text.endswith("+") else {unique_id}
        )
    compared = [
        model
        for model in found
        if model.kind == "rewrite"
        and (model.node["unique_id"] in wanted if names else model.is_mart)
    ]
    # Which signals read, whatever the graph of models says of them.
    of_events = [model for model in found if model.is_of_events]
    ids = [one.node["unique_id"] for one in (*of_events, *compared)]
    needed = _reached(ids, manifest["parent_map"])
    return [model for model in found if model.node["unique_id"] in needed], compared


def key(model: Model, project: Project = CLICKHOUSE) -> list[str]:
    """The columns by which its test says that its rows are unique."""
    for node in project.manifest()["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "unique_key" and node["attached_node"] == model.node["unique_id"]:
            return list(test["kwargs"]["columns"])
    raise UnknownModelError(f"{model.name[1]} has no test of its key")


def reads_signals(found: Iterable[Model]) -> bool:
    """Whether any of them is made of what signals find."""
    return any(
        parent.startswith("source.") and ".signals." in parent
        for model in found
        for parent in model.node["depends_on"].get("nodes", ())
    )


def _reached(start: Iterable[str], edges: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(edges.get(one, ()))
    return found


def _compiled(project: Project) -> Mapping[str, str]:
    """By unique_id; kept until a file of the project changes."""
    stand, note = made_from(project), project.artifacts / "preview.json"
    if note.exists() and (kept := json.loads(note.read_text() or "{}")).get("made_from") == stand:
        sql: dict[str, str] = kept["sql"]
        return sql
    sql = _compile(project)
    draft = note.with_name(f"{note.name}.{os.getpid()}")
    draft.write_text(json.dumps({"made_from": stand, "sql": sql}))
    draft.replace(note)
    return sql


def _compile(project: Project) -> dict[str, str]:
    """Loads dbt, which takes seconds."""
    from dbt.cli.main import dbtRunner

    manifest = project.parsed()
    with project.scratch() as scratch:
        arguments = ["--no-write-json", "--no-populate-cache", *project.arguments(scratch)]
        result = dbtRunner(manifest=manifest).invoke(
            ["compile", *arguments, "--select", "resource_type:model"]
        )
    if not result.success:
        raise DbtRunError(f"dbt cannot compile the models: {result.exception or result.result}")
    nodes: Any = result.result
    return {one.node.unique_id: one.node.compiled_code for one in nodes.results}
