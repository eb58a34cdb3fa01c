"""Generated documents to ask about."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Document = dict[str, Any]
SCREENS = ["/", "/cart", "/Cart", "/help"]
START = datetime(2026, 2, 27, 22, 30, tzinfo=UTC)


def documents(random: Random, count: int) -> list[Document]:
    """Fields may be missing, null or of several types, as in a store without a schema."""
    return [_document(random, number) for number in range(count)]


def _document(random: Random, number: int) -> Document:
    made: Document = {
        "_id": f"d{number}",
        "project": random.choice("ab"),
        "when": START + timedelta(milliseconds=random.randrange(0, 9_000_000_000)),
        "count": random.choice([0, 1, 2, 7, 10**12]),
        "steps": [
            {"screen": random.choice(SCREENS), "ms": random.randrange(5000)}
            for _ in range(random.randrange(4))
        ],
        "place": {"x": random.randrange(-3, 4), "deep": {"ok": random.random() < 0.5}},
    }
    optional = {
        "screen": random.choice([*SCREENS, None]),
        "value": random.choice([None, 0.5, 1.0, -2.25, 3, "text", True]),
        "tags": random.choice([[], ["red"], ["red", "blue", "red"], None, "red"]),
    }
    return made | {name: one for name, one in optional.items() if random.random() < 0.8}
