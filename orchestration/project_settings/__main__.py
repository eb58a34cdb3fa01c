"""Prints the table of docs/settings.md: `python -m orchestration.project_settings`."""

from orchestration.project_settings.catalogue import catalogue
from orchestration.project_settings.declaration import Value


def table() -> str:
    """One row per setting, in Markdown."""
    rows = [
        "| setting | default | unit | values | what it changes | source |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in catalogue().items():
        cells = (f"`{name}`", _shown(one.default), one.unit, one.kind.described, one.effect)
        rows.append("| " + " | ".join((*cells, f"`{one.source}`")) + " |")
    return "\n".join(rows)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value).replace("|", "\\|") or "none"
    return str(value or "none")


if __name__ == "__main__":
    print(table())
