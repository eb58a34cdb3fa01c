"""Writes the seed of bots' user agents from the pinned package crawler-user-agents (MIT licence).

`python -m orchestration.transform.bot_user_agents`, after the package was updated.
"""

import csv
import io

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from orchestration.stores.settings import CHECKOUT

# A bot that no list has yet, and that gives an address. Cubot's phones give none.
SELF_TOLD = r"(?i)(?:bot|crawler|spider)\b[^()]*\+?https?://"
SEED = CHECKOUT / "dbt_project/seeds/bot_user_agents.csv"


def seed_text() -> str:
    """The seed's CSV: one regular expression a line, sorted, and one for bots it does not know."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["pattern"])
    rows.writerows(
        [pattern]
        for pattern in sorted({SELF_TOLD, *(one["pattern"] for one in CRAWLER_USER_AGENTS_DATA)})
    )
    return text.getvalue()


if __name__ == "__main__":
    SEED.write_text(seed_text())
