"""The drawing of the pipeline: layers, order, no overlaps, against brute force and scipy."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from astrocnn.errors import AstrocnnError
from astrocnn.report.graph import (
    GAP_DOWN,
    NODE_HEIGHT,
    NODE_WIDTH,
    _apart,
    _fewest_crossings,
    crossings,
    layered_layout,
    layers_of,
    without_detours,
)

QUICKSTART = [
    ("galaxies", "lenses"), ("lenses", "finder"), ("finder", "skill"), ("lenses", "skill"), ("finder", "scores"),
    ("galaxies", "scores"), ("scores", "candidates"), ("candidates", "summary"), ("skill", "summary"),
]  # fmt: skip
NAMES = ["galaxies", "lenses", "finder", "skill", "scores", "candidates", "summary"]


@st.composite
def graphs(draw):
    """Acyclic graphs: edges run from a lower to a higher number, names are shuffled."""
    number = draw(st.integers(1, 9))
    names = draw(st.permutations([f"n{k}" for k in range(number)]))
    pairs = [(a, b) for b in range(number) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=14)) if pairs else []
    return sorted(names), [(names[a], names[b]) for a, b in chosen]


def longest_path(name, edges):
    return max((1 + longest_path(start, edges) for start, end in edges if end == name), default=0)


def reachable(start, edges):
    found = {end for first, end in edges if first == start}
    return found.union(*(reachable(name, edges) for name in found))


@given(graphs())
def test_layers_are_longest_paths(graph):
    names, edges = graph
    assert layers_of(names, edges) == {name: longest_path(name, edges) for name in names}


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_nodes_never_overlap_and_edges_run_rightwards(graph):
    names, edges = graph
    layout = layered_layout(names, edges)
    boxes = list(layout.nodes.values())
    for k, one in enumerate(boxes):
        assert NODE_WIDTH / 2 <= one.x <= layout.width - NODE_WIDTH / 2
        assert NODE_HEIGHT / 2 <= one.y <= layout.height - NODE_HEIGHT / 2
        for other in boxes[:k]:
            assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT + GAP_DOWN - 1e-6
    assert set(layout.paths) == set(edges)
    for start, end in edges:
        assert layout.nodes[start].x < layout.nodes[end].x
        first = layout.paths[start, end].split("C")[0].removeprefix("M").split()
        expected = [layout.nodes[start].x + NODE_WIDTH / 2, layout.nodes[start].y]
        np.testing.assert_allclose([float(value) for value in first], expected, atol=0.051)


def test_the_quickstart_has_no_crossing_that_could_be_avoided():
    layers = layers_of(NAMES, QUICKSTART)
    assert layers == {"galaxies": 0, "lenses": 1, "finder": 2, "skill": 3, "scores": 3, "candidates": 4, "summary": 5}
    layout = layered_layout(NAMES, QUICKSTART)
    assert layout == layered_layout(NAMES, QUICKSTART)
    assert layout.width < 1200


def test_crossings_are_as_few_as_brute_force_finds():
    columns = [["a", "b", "c"], ["x", "y", "z"]]
    links = [("a", "z"), ("a", "y"), ("b", "x"), ("c", "z"), ("c", "x")]
    before = {name: [s for s, e in links if e == name] for column in columns for name in column}
    after = {name: [e for s, e in links if s == name] for name in before}
    fewest = min(crossings([p, q], links) for p in permutations(columns[0]) for q in permutations(columns[1]))
    assert crossings(columns, links) > fewest
    assert crossings(_fewest_crossings(columns, before, after, links), links) == fewest


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8))
def test_heights_are_the_nearest_that_keep_the_gaps(wanted):
    """With the gaps subtracted this is isotonic regression, which scipy has too."""
    column = [f"n{k}" for k in range(len(wanted))]
    found = _apart(column, wanted, dict.fromkeys(column, NODE_HEIGHT))
    offset = np.arange(len(wanted)) * (NODE_HEIGHT + GAP_DOWN)
    expected = isotonic_regression(np.array(wanted) - offset).x + offset
    np.testing.assert_allclose([found[name] for name in column], expected, atol=1e-6)


@given(graphs(), st.data())
def test_detours_are_left_out_where_asked_and_reachability_stays(graph, data):
    names, edges = graph
    into = data.draw(st.sets(st.sampled_from(names)))
    kept = without_detours(edges, into)
    assert [edge for edge in edges if edge[1] not in into] == [edge for edge in kept if edge[1] not in into]
    for name in names:
        assert reachable(name, kept) == reachable(name, edges)
    for start, end in kept:
        if end in into:
            assert not any(end in reachable(other, edges) for s, other in edges if s == start and other != end)


def test_circles_and_loose_ends_are_errors():
    with pytest.raises(AstrocnnError, match="circle"):
        layers_of(["a", "b"], [("a", "b"), ("b", "a")])
    with pytest.raises(AstrocnnError, match="ends nowhere"):
        layers_of(["a"], [("a", "b")])


def test_an_empty_graph_has_an_empty_drawing():
    layout = layered_layout([], [])
    assert (layout.nodes, layout.paths) == ({}, {})
