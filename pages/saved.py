"""Filters of a page that people saved under a name, shared by all who read the project."""

import json
from collections.abc import Mapping
from uuid import UUID

from pages.marts import Row
from pages.shown import Ask, NotThereError
from pages.view import address

LISTED = """
SELECT id, name, filter FROM access.saved_filters
WHERE project_id = %(project)s AND filter_type = %(page)s ORDER BY lower(name), id
"""
MAY_SAVE = """
SELECT may_change_issues AS may FROM access.bi_grants WHERE project_id = %(project)s
"""
SAVE = "SELECT access.save_filter(%(project)s::uuid, %(name)s, %(page)s, %(saved)s::jsonb)"
FORGET = "SELECT access.forget_filter(%(project)s::uuid, %(id)s) AS was_there"
# Of an address, what is no filter: how it is shown, and where in a long list.
NOT_KEPT = ("format", "table", "n")


def saved(ask: Ask) -> list[Row]:
    """Of this page, by name, each with the address that it leads to."""
    rows = ask.served(LISTED, {"page": ask.view.page})
    return [{**row, "address": _address(ask, row["filter"])} for row in rows]


def may_save(ask: Ask) -> bool:
    """Whether the login may keep filters of the project."""
    return any(row["may"] for row in ask.served(MAY_SAVE))


def changed(ask: Ask, form: Mapping[str, str]) -> str:
    """Save the page's filters, or forget saved ones; the address to go on to."""
    if form.get("forget"):
        ask.served(FORGET, {"id": _id(form["forget"])})
    else:
        kept = {name: text for name, text in ask.view.given.items() if name not in NOT_KEPT}
        named = {"name": form.get("name", "").replace("\0", ""), "page": ask.view.page}
        ask.served(SAVE, {**named, "saved": json.dumps(kept)})
    return ask.view.link()


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotThereError from None


def _address(ask: Ask, kept: object) -> str:
    """Whoever wrote the row: only texts are taken, and they stay within this page."""
    query = kept if isinstance(kept, dict) else {}
    texts = {str(name): text for name, text in query.items() if isinstance(text, str)}
    return address(ask.view.project.slug, ask.view.page, texts)
