"""A directed graph drawn in layers as inline SVG, without graphviz.

After Sugiyama, Tagawa & Toda 1981 (IEEE Trans. SMC 11, 109): layers by longest path, waypoints where an edge passes a
layer, order within a layer by barycentre, heights pulled towards the neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from astrocnn.errors import AstrocnnError

NODE_WIDTH, NODE_HEIGHT = 138.0, 46.0
GAP_ACROSS, GAP_DOWN = 46.0, 22.0
WAYPOINT_HEIGHT = 10.0
MARGIN = 6.0
_SWEEPS = 12

Edge = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """A node's centre in the drawing."""

    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """Where everything stands: centres of the nodes, SVG paths of the edges, size of the drawing."""

    nodes: dict[str, Placed]
    paths: dict[Edge, str]
    width: float
    height: float


def layers_of(nodes: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Layer of each node: the number of edges on the longest path that leads to it.

    Raises
    ------
    AstrocnnError
        An edge names a node that is not there, or edges run in a circle.
    """
    parents: dict[str, list[str]] = {name: [] for name in nodes}
    for start, end in edges:
        if start not in parents or end not in parents:
            raise AstrocnnError("an edge ends nowhere", where=f"{start} -> {end}", expected=f"nodes {list(nodes)}")
        parents[end].append(start)
    layer: dict[str, int] = {}
    left = list(nodes)
    while left:
        ready = [name for name in left if all(parent in layer for parent in parents[name])]
        if not ready:
            raise AstrocnnError("edges run in a circle", where=", ".join(left), expected="a graph without cycles")
        for name in ready:
            layer[name] = max((layer[parent] + 1 for parent in parents[name]), default=0)
        left = [name for name in left if name not in layer]
    return layer


def without_detours(edges: Sequence[Edge], into: Collection[str]) -> list[Edge]:
    """Leave out edges into the nodes `into` that a longer path already implies: a node fed by all stays readable."""
    children: dict[str, set[str]] = {}
    for start, end in edges:
        children.setdefault(start, set()).add(end)

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        pending = list(children.get(start, ()))
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(children.get(name, ()))
        return seen

    return [
        (start, end)
        for start, end in edges
        if end not in into or not any(end in reachable(other) for other in children[start] if other != end)
    ]


def layered_layout(nodes: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """Place nodes from left to right, with few crossings; the same drawing for the same graph.

    Parameters
    ----------
    nodes : sequence of str
        Names; their order settles ties.
    edges : sequence of (str, str)
        From, to.

    Raises
    ------
    AstrocnnError
        As `layers_of`.
    """
    layer = layers_of(nodes, edges)
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in nodes:
        columns[layer[name]].append(name)
    chains: dict[Edge, list[str]] = {}
    waypoints: set[str] = set()
    for start, end in dict.fromkeys(edges):
        chain = [start]
        for k in range(layer[start] + 1, layer[end]):
            waypoint = f"{start}\0{end}\0{k}"  # no stage name holds a zero byte
            waypoints.add(waypoint)
            columns[k].append(waypoint)
            chain.append(waypoint)
        chains[start, end] = [*chain, end]
    links = [pair for chain in chains.values() for pair in pairwise(chain)]
    before: dict[str, list[str]] = {name: [] for column in columns for name in column}
    after: dict[str, list[str]] = {name: [] for name in before}
    for start, end in links:
        before[end].append(start)
        after[start].append(end)
    columns = _fewest_crossings(columns, before, after, links)
    size = {name: WAYPOINT_HEIGHT if name in waypoints else NODE_HEIGHT for name in before}
    y = _heights(columns, before, after, size)
    top = min((y[name] - size[name] / 2 for name in y), default=0.0)
    step = NODE_WIDTH + GAP_ACROSS
    placed = {
        name: Placed(MARGIN + NODE_WIDTH / 2 + k * step, y[name] - top + MARGIN)
        for k, column in enumerate(columns)
        for name in column
    }
    return Layout(
        nodes={name: placed[name] for name in nodes},
        paths={edge: _path([placed[name] for name in chain]) for edge, chain in chains.items()},
        width=2 * MARGIN + max(len(columns) * step - GAP_ACROSS, 0.0),
        height=max((placed[name].y + size[name] / 2 for name in placed), default=0.0) + MARGIN,
    )


def crossings(columns: Sequence[Sequence[str]], links: Iterable[Edge]) -> int:
    """Number of pairs of links between neighbouring layers that cross."""
    place = {name: (k, rank) for k, column in enumerate(columns) for rank, name in enumerate(column)}
    ends = [(place[start], place[end]) for start, end in links]
    return sum(
        a[0][0] == b[0][0] and (a[0][1] - b[0][1]) * (a[1][1] - b[1][1]) < 0
        for k, a in enumerate(ends)
        for b in ends[:k]
    )


def _fewest_crossings(
    columns: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]], links: list[Edge]
) -> list[list[str]]:
    """Sweep forth and back, ordering each layer by the mean rank of its neighbours; keep the best order seen."""
    best, fewest = columns, crossings(columns, links)
    current = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for k in range(len(current)) if forward else reversed(range(len(current))):
            rank = {name: r for column in current for r, name in enumerate(column)}
            neighbours = before if forward else after

            def key(name: str, rank: dict[str, int] = rank, near: Mapping[str, list[str]] = neighbours) -> float:
                return _mean([float(rank[other]) for other in near[name]], float(rank[name]))

            current[k] = sorted(current[k], key=key)
        count = crossings(current, links)
        if count < fewest:
            best, fewest = [list(column) for column in current], count
    return best


def _heights(
    columns: list[list[str]],
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
    size: Mapping[str, float],
) -> dict[str, float]:
    """Height of each node: near the mean of its neighbours, in the order of its layer, without overlap."""
    y: dict[str, float] = {}
    for column in columns:
        y.update(_apart(column, [0.0] * len(column), size))
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_mean([y[other] for other in (*before[name], *after[name])], y[name]) for name in column]
            y.update(_apart(column, wanted, size))
    return y


def _apart(column: list[str], wanted: list[float], size: Mapping[str, float]) -> dict[str, float]:
    """The nearest heights to those wanted (least squares) that keep the order and the gaps.

    With the gaps subtracted this is isotonic regression, solved by pooling neighbours that violate the order.
    """
    offset = [0.0]
    for above, below in pairwise(column):
        offset.append(offset[-1] + (size[above] + size[below]) / 2 + GAP_DOWN)
    pools: list[list[float]] = []  # sum and number of the heights pooled
    for height, shift in zip(wanted, offset, strict=True):
        pools.append([height - shift, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, number = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += number
    levels = [total / number for total, number in pools for _ in range(int(number))]
    return {name: level + shift for name, level, shift in zip(column, levels, offset, strict=True)}


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _path(points: list[Placed]) -> str:
    """SVG path through the points: flat through each layer's width, curved between layers."""
    half = NODE_WIDTH / 2
    text = f"M{points[0].x + half:.1f} {points[0].y:.1f}"
    for k, (start, end) in enumerate(pairwise(points)):
        x0, x1 = start.x + half, end.x - half
        middle = (x0 + x1) / 2
        text += f"C{middle:.1f} {start.y:.1f} {middle:.1f} {end.y:.1f} {x1:.1f} {end.y:.1f}"
        if k < len(points) - 2:
            text += f"H{end.x + half:.1f}"
    return text
