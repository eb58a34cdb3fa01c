"""One hash of what all rows are built with: a change in any of it plans every session."""

import ast
import hashlib
import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from orchestration.stores.settings import CHECKOUT
from orchestration.transform.project import CLICKHOUSE

# What rows depend on besides the events.
RULES = (
    "dbt_project.yml",
    "dbt_project/models/**/*.sql",
    "dbt_project/models/publish/*.yml",  # what is copied, and how it is read
    "dbt_project/macros/**/*.sql",
    "dbt_project/seeds/*.csv",
    "orchestration/signals/**/*.py",
    "orchestration/publish/*.py",
    "ingest/decode/rrweb.py",
    "ingest/decode/json_text.py",
)

# Texts are kept as they are; comments of SQL and Jinja, and white space, say nothing.
SQL = re.compile(
    r"""(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`)"""
    r"""|(?:--[^\n]*|/\*.*?\*/|\{\#.*?\#\}|\s)+""",
    re.DOTALL,
)


def rules_hash(checkout: Path = CHECKOUT) -> str:
    """16 hex digits over every rule, weight and threshold (see RULES), comments left out.

    Read again when a file has another time or size than it had.
    """
    return _remembered(checkout, written(checkout))


def written(checkout: Path = CHECKOUT) -> str:
    """16 hex digits that differ when a file of rules, or this one, was written, came or went."""
    digest = hashlib.sha256()
    for path in (Path(__file__), *_rule_files(checkout)):
        stat = path.stat()
        digest.update(f"{path} {stat.st_mtime_ns} {stat.st_size}\n".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=8)
def _remembered(checkout: Path, stand: str) -> str:
    """From the disk where a process has read the same files before."""
    note = CLICKHOUSE.artifacts.with_name("rules.json")
    if note.exists() and (kept := json.loads(note.read_text() or "{}")).get("written") == stand:
        return str(kept["hash"])
    found = _hash(checkout)
    if checkout == CHECKOUT:
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_name(f"{note.name}.{os.getpid()}")
        draft.write_text(json.dumps({"written": stand, "hash": found}))
        draft.replace(note)
    return found


def _hash(checkout: Path) -> str:
    digest = hashlib.sha256()
    for path in _rule_files(checkout):
        digest.update(path.relative_to(checkout).as_posix().encode())
        digest.update(_meaning(path).encode())
    return digest.hexdigest()[:16]


def _rule_files(checkout: Path) -> Iterator[Path]:
    for pattern in RULES:
        yield from sorted(checkout.glob(pattern))


def _meaning(path: Path) -> str:
    text = path.read_text()
    if path.suffix == ".sql":
        return SQL.sub(lambda found: found["text"] or " ", text).strip()
    if path.suffix == ".py":
        return ast.dump(_WithoutDocstrings().visit(ast.parse(text)))
    if path.suffix == ".yml":
        import yaml  # only who reads the rules anew needs it

        return json.dumps(_without_prose(yaml.safe_load(text)))
    return text


def _without_prose(content: object) -> object:
    """YAML's content less every `description`."""
    if isinstance(content, dict):
        return {k: _without_prose(v) for k, v in content.items() if k != "description"}
    return [_without_prose(one) for one in content] if isinstance(content, list) else content


class _WithoutDocstrings(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """None for a text that stands alone."""
        value = node.value
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        return None if is_text else node
