"""The graph of a checked file: edges lead somewhere, to the right kind, without cycles; what is absent is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from astrocnn.pipeline.config import PipelineConfig, StageEntry
from astrocnn.pipeline.problems import Problem
from astrocnn.pipeline.stage import Edge, Outside, Reference
from astrocnn.spelling import suggestion


@dataclass
class Graph:
    """Stages in an order in which they can run.

    Attributes
    ----------
    order : list of str
        Stage names, sources first.
    edges : dict
        Stage to field to the references that are taken: those that are present.
    skipped : dict
        Stage to the reason why it is left out.
    """

    order: list[str] = field(default_factory=list)
    edges: dict[str, dict[str, tuple[Reference, ...]]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def parents(self, name: str) -> list[str]:
        """Stages that a stage takes products from."""
        references = (ref for refs in self.edges.get(name, {}).values() for ref in refs)
        return list(dict.fromkeys(ref.stage for ref in references if ref.stage))

    def ancestors(self, name: str) -> set[str]:
        """All stages before a stage, and itself."""
        found, todo = {name}, [name]
        while todo:
            new = set(self.parents(todo.pop())) - found
            found |= new
            todo += new
        return found


def _references(entry: StageEntry) -> Iterator[tuple[str, Edge, Reference]]:
    for key, edge in entry.parameters.marked(Edge).items():
        for reference in entry.parameters.value_of(key):
            yield key, edge, reference


def _edge_problems(config: PipelineConfig) -> list[Problem]:
    problems = []
    for name, entry in config.stages.items():
        for key, edge, reference in _references(entry):
            if reference.stage is None:
                continue
            path = ("stages", name, key)
            made = config.stages.get(reference.stage)
            if made is None:
                text = f"no stage is called {reference.stage!r}; {suggestion(reference.stage, config.stages)}"
                problems.append(config.document.problem(path, text))
            elif edge.kind not in ("any", made.stage.produces):
                text = f"{reference.stage} makes {made.stage.produces}; expected {edge.kind}"
                makers = {other: one.stage.produces for other, one in config.stages.items() if other != name}
                fitting = [other for other, kind in makers.items() if kind == edge.kind]
                hint = f"; to fix, name one of {', '.join(fitting)}" if fitting else ""
                problems.append(config.document.problem(path, text + hint))
    return problems


def _order(config: PipelineConfig) -> tuple[list[str], list[Problem]]:
    parents = {name: _all_parents(config, name) for name in config.stages}
    order: list[str] = []
    while len(order) < len(parents):
        ready = [name for name in parents if name not in order and all(up in order for up in parents[name])]
        if not ready:
            cycle = _find_cycle({name: ups for name, ups in parents.items() if name not in order})
            text = f"takes its own product: {' <- '.join([*cycle, cycle[0]])}; to fix, break one of these edges"
            return order, [config.document.problem(("stages", cycle[0]), text)]
        order.append(ready[0])
    return order, []


def _all_parents(config: PipelineConfig, name: str) -> list[str]:
    entry = config.stages[name]
    named = [ref.stage for _, _, ref in _references(entry) if ref.stage in config.stages]
    if _takes_all(entry):
        named = [other for other, one in config.stages.items() if other != name and not _takes_all(one)]
    return list(dict.fromkeys(up for up in named if up))


def _takes_all(entry: StageEntry) -> bool:
    """Whether the stage has an edge to all products and names none of them."""
    marked = entry.parameters.marked(Edge)
    return any(edge.kind == "any" and edge.many and not entry.parameters.value_of(key) for key, edge in marked.items())


def _find_cycle(parents: dict[str, list[str]]) -> list[str]:
    path = [next(iter(parents))]
    while True:
        after = next(up for up in parents[path[-1]] if up in parents)
        if after in path:
            return path[path.index(after) :]
        path.append(after)


def build_graph(config: PipelineConfig) -> tuple[Graph, list[Problem]]:
    """Order the stages and decide which of their sources are taken.

    Returns
    -------
    graph : Graph
    problems : list of Problem
        Edges that lead nowhere or to the wrong kind, and cycles.
    """
    problems = _edge_problems(config)
    order, cycles = _order(config)
    problems += cycles
    graph = Graph(order)
    if problems:
        return graph, problems
    for name in order:
        _take_sources(config, graph, name)
    _skip_what_nobody_needs(config, graph)
    return graph, problems


def _take_sources(config: PipelineConfig, graph: Graph, name: str) -> None:
    entry = config.stages[name]
    taken: dict[str, tuple[Reference, ...]] = {}
    absent: dict[str, str] = {}
    for key, edge in entry.parameters.marked(Edge).items():
        references = entry.parameters.value_of(key)
        if edge.kind == "any" and edge.many and not references:
            references = tuple(Reference(other) for other in _all_parents(config, name))
        present = [reference for reference in references if _is_present(reference, graph)]
        taken[key] = tuple(present) if edge.many else tuple(present[:1])
        if references and not present:
            absent[key] = ", ".join(map(str, references))
    files = {key: value for key in entry.parameters.marked(Outside) if (value := entry.parameters.value_of(key))}
    has_source = any(taken.values()) or any(value.value is not None for value in files.values())
    for key, names in absent.items():
        if entry.stage.needs(key, taken) or not has_source:
            graph.skipped[name] = f"{key}: none of its sources is present ({names})"
    for key, value in files.items():
        if value.value is None and entry.stage.needs(key, taken):
            graph.skipped[name] = f"{key}: inputs.{value.name} is absent"
    graph.edges[name] = taken


def _is_present(reference: Reference, graph: Graph) -> bool:
    if reference.outside is not None:
        return reference.outside.value is not None
    return reference.stage not in graph.skipped


def _skip_what_nobody_needs(config: PipelineConfig, graph: Graph) -> None:
    """Leave out stages whose takers all have another source: a trained model, or an alternative that comes first."""
    absent = set(graph.skipped)
    present = [name for name in graph.order if name not in absent]
    for name in present:
        entry = config.stages[name]
        for key in entry.stage.needless(entry.parameters, graph.edges[name]):
            graph.edges[name][key] = ()
    choosy = {name: _all_parents(config, name) for name in present if not _takes_all(config.stages[name])}
    for name in reversed(present):
        takers = [taker for taker, parents in choosy.items() if name in parents]
        at_work = [taker for taker in takers if taker not in graph.skipped]
        if takers and not any(name in graph.parents(taker) for taker in at_work):
            reasons = [f"{taker} {'has another source' if taker in at_work else 'is left out'}" for taker in takers]
            graph.skipped[name] = f"not needed: {', '.join(reasons)}"
    for name, taken in graph.edges.items():
        graph.edges[name] = {
            key: tuple(ref for ref in refs if ref.stage not in graph.skipped) for key, refs in taken.items()
        }
