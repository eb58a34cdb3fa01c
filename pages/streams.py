"""A Sankey of steps: a node is a page at a step, so that no stream runs back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT, NODE = 1200, 600, 14
GAP = 18
OTHER, END = "…", ""
MOST = 7  # nodes a step; the rest is one
Edge = tuple[int, str, str, int]
"""Step of the page, the page, the page after it ('' left the site), how many went."""


@dataclass(frozen=True)
class Node:
    step: int
    name: str
    count: int
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Stream:
    """From `source` at `step` to `target` at the next one; '' is the way out."""

    step: int
    source: str
    target: str
    count: int
    path: str
    thickness: float


@dataclass(frozen=True)
class Sankey:
    nodes: tuple[Node, ...]
    streams: tuple[Stream, ...]


def sankey(edges: Iterable[Edge], steps: int) -> Sankey:
    """Of the first `steps` steps; smaller pages of a step are put together as OTHER."""
    merged = _merged([edge for edge in edges if edge[0] <= steps])
    counts = _counts(merged, steps)
    scale = _scale(counts)
    nodes = _nodes(counts, scale, steps)
    return Sankey(tuple(nodes.values()), tuple(_streams(merged, nodes, scale)))


def _merged(edges: list[Edge]) -> list[Edge]:
    """Names that are too small at their step become OTHER."""
    sizes: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for step, source, _, count in edges:
        sizes[step][source] += count
    kept = {
        (step, name)
        for step, names in sizes.items()
        for name in sorted(names, key=lambda n: (-names[n], n))[:MOST]
    }
    total: dict[tuple[int, str, str], int] = defaultdict(int)
    for step, source, target, count in edges:
        here = source if (step, source) in kept else OTHER
        there = target if target == END or (step + 1, target) in kept else OTHER
        total[step, here, there] += count
    return [(*key, count) for key, count in total.items()]


def _counts(edges: list[Edge], steps: int) -> dict[tuple[int, str], int]:
    counts: dict[tuple[int, str], int] = defaultdict(int)
    for step, source, target, count in edges:
        counts[step, source] += count
        if step < steps and target == END:
            counts[step + 1, END] += count
    return counts


def _scale(counts: dict[tuple[int, str], int]) -> float:
    """Pixels a session, so that the fullest step fits with its gaps."""
    sums: dict[int, list[int]] = defaultdict(list)
    for (step, _), count in counts.items():
        sums[step].append(count)
    return min(((HEIGHT - GAP * (len(c) - 1)) / sum(c) for c in sums.values()), default=0)


def _nodes(
    counts: dict[tuple[int, str], int], scale: float, steps: int
) -> dict[tuple[int, str], Node]:
    """The larger above; OTHER and the way out last."""
    nodes = {}
    below: dict[int, float] = defaultdict(float)
    order = sorted(counts, key=lambda k: (k[0], k[1] == END, k[1] == OTHER, -counts[k], k[1]))
    for step, name in order:
        x = (WIDTH - NODE) * (step - 1) / max(1, steps - 1)
        height = max(1.0, counts[step, name] * scale)
        nodes[step, name] = Node(
            step, name, counts[step, name], round(x, 1), round(below[step], 1), round(height, 1)
        )
        below[step] += height + GAP
    return nodes


def _streams(
    edges: list[Edge], nodes: dict[tuple[int, str], Node], scale: float
) -> Iterable[Stream]:
    """Each leaves its node below the one before it, and arrives so."""
    left: dict[tuple[int, str], float] = defaultdict(float)
    came: dict[tuple[int, str], float] = defaultdict(float)

    def place(edge: Edge) -> tuple[float, ...]:
        step, source, target, _ = edge
        there = nodes.get((step + 1, target))
        return (step, nodes[step, source].y, there.y if there else 0)

    for step, source, target, count in sorted(edges, key=place):
        here, there = nodes[step, source], nodes.get((step + 1, target))
        if there is None:
            continue
        thickness = count * scale
        y1 = here.y + left[step, source] + thickness / 2
        y2 = there.y + came[step + 1, target] + thickness / 2
        left[step, source] += thickness
        came[step + 1, target] += thickness
        x1, x2 = here.x + NODE, there.x
        middle = (x1 + x2) / 2
        path = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        yield Stream(step, source, target, count, path, round(max(1.0, thickness), 2))
