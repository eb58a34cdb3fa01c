"""docs/hxi_schema.md: the served tables of `hxi` as an ER diagram, made from the live schema.

`python -m tests.integration.publish.er_diagram` writes it anew, on the stack that `hxi env` names.
"""

import os
from collections.abc import Iterator

import psycopg

from hxi.admin.folder import CHECKOUT
from tests.integration.publish.documents import Table, tables

PAGE = CHECKOUT / "docs" / "hxi_schema.md"
HEAD = """# Schema `hxi` of PostgreSQL

Made from the live schema by `python -m tests.integration.publish.er_diagram`; a test compares.
What rows mean and where they come from: [publish.md](publish.md).
Every table has row security by `project_id`.

"""


def page(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """The whole page, for the schema as it is now."""
    found = sorted(tables(connection, "hxi").items())
    lines = ["erDiagram"]
    lines += [line for name, table in found for line in _entity(name, table)]
    lines += [line for name, table in found for line in _relations(name, table)]
    return HEAD + "```mermaid\n" + "\n".join(lines) + "\n```\n"


def _entity(name: str, table: Table) -> Iterator[str]:
    referring = {column for columns in table.references for column in columns}
    yield f"    {name} {{"
    for column, declared in table.columns.items():
        marks = [
            mark
            for mark, columns in (("PK", table.primary_key), ("FK", referring))
            if column in columns
        ]
        yield f"        {_type(declared.type)} {column} {', '.join(marks)}".rstrip()
    yield "    }"


def _type(said: str) -> str:
    """One word, as the diagram wants it: without length, scale and "without time zone"."""
    return said.partition("(")[0].removesuffix(" without time zone").replace(" ", "_")


def _relations(name: str, table: Table) -> Iterator[str]:
    for columns, (target, *_) in sorted(table.references.items()):
        yield f"    {target} ||--o{{ {name} : {columns[-1]}"


if __name__ == "__main__":
    with psycopg.connect(os.environ["HXI_POSTGRES_DSN"]) as asked:
        PAGE.write_text(page(asked))
