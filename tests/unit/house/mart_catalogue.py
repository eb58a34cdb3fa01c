"""The table of docs/marts.md, from what the models say. Run as a module, it writes it anew."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.transform.project import CLICKHOUSE

PAGE = Path(__file__).resolve().parents[3] / "docs/marts.md"
HEAD = "| mart | one row per | key | rebuilt by | on the pages |"

Node = Mapping[str, Any]


def marts() -> list[Node]:
    """Models of database gosight, by name."""
    nodes = CLICKHOUSE.manifest()["nodes"].values()
    return sorted(
        (
            node
            for node in nodes
            if node["resource_type"] == "model" and node["config"]["schema"] == "gosight"
        ),
        key=lambda node: str(node["name"]),
    )


def catalogue() -> str:
    """A line of Markdown per mart."""
    return "\n".join([HEAD, "|---" * HEAD.count(" |") + "|", *(_line(node) for node in marts())])


def _line(node: Node) -> str:
    key = _key(node)
    cells = (
        f"`{node['name']}`",
        _grain(node["description"]),
        ", ".join(key["columns"]),
        "session" if key.get("plan") == "session" else "day",
        ", ".join(_pages(node)),
    )
    return f"| {' | '.join(cells)} |"


def _grain(description: str) -> str:
    """What follows "One row per", to the end of its clause."""
    _, _, text = " ".join(description.split()).partition("One row per ")
    return re.split(r"[.;:](?: |$)", text)[0]


def _key(node: Node) -> Node:
    """Arguments of the first unique_key test."""
    manifest = CLICKHOUSE.manifest()
    tests = (manifest["nodes"].get(child) for child in manifest["child_map"][node["unique_id"]])
    keys = [
        test["test_metadata"]["kwargs"]
        for test in tests
        if test and (test.get("test_metadata") or {}).get("name") == "unique_key"
    ]
    arguments: Node = {**keys[0], **keys[0].get("arguments", {})}
    return arguments


def _pages(node: Node) -> list[str]:
    """By name: a manifest that was parsed again in part has them in another order."""
    pages = CLICKHOUSE.manifest()["exposures"].values()
    return sorted(
        page["label"] for page in pages if node["unique_id"] in page["depends_on"]["nodes"]
    )


def _write() -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(HEAD)
    after = rest.partition("\n\n")[2]
    PAGE.write_text(f"{before}{catalogue()}\n\n{after}")


if __name__ == "__main__":
    _write()
