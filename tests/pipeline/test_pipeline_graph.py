"""The graph: order, kinds, cycles, alternatives, what is skipped and why, and what a given model makes needless."""

import pytest

from astrocnn.pipeline.graph import Graph, build_graph
from astrocnn.pipeline.stage import Reference

ALL = """
lenses: {use: numbers}
galaxies: {use: numbers}
finder: {use: learn, samples: lenses, from: "${inputs.model}"}
scores: {use: apply, model: finder, samples: galaxies}
"""


def graph_of(workshop):
    return build_graph(workshop.config())


def faults(workshop):
    _, problems = graph_of(workshop)
    return [str(problem).replace(f"{workshop.folder}/", "") for problem in problems]


def taken(graph):
    """Sources that are taken, as they would be written, by stage and field."""
    return {
        name: {key: [str(one) for one in references] for key, references in fields.items() if references}
        for name, fields in graph.edges.items()
    }


def test_stages_run_in_the_order_of_the_file_where_edges_allow(workshop):
    workshop.write(
        """
        page: {use: page}
        scores: {use: apply, model: finder, samples: lenses.test}
        alone: {use: numbers}
        finder: {use: learn, samples: lenses}
        lenses: {use: numbers}
        """
    )
    graph, problems = graph_of(workshop)
    assert problems == []
    assert graph.order == ["alone", "lenses", "finder", "scores", "page"]
    assert graph.parents("scores") == ["finder", "lenses"]
    assert graph.ancestors("scores") == {"scores", "finder", "lenses"}


def test_ancestors_of_a_ladder_are_found_in_no_time():
    names = [f"s{n}" for n in range(200)]
    edges = {name: {"samples": tuple(Reference(up) for up in names[max(0, n - 2) : n])} for n, name in enumerate(names)}
    assert Graph(names, edges).ancestors("s199") == set(names)


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ("b: {use: learn, samples: lense}", "b.samples: no stage is called 'lense'; did you mean lenses?"),
        ("b: {use: learn, samples: zzz}", "b.samples: no stage is called 'zzz'; known: b, lenses"),
        (
            "b: {use: learn, samples: c}\nc: {use: learn, samples: lenses}",
            "b.samples: c makes Model; expected SampleSet; to fix, name one of lenses",
        ),
        ("b: {use: learn, from: lenses}", "b.from: lenses makes SampleSet; expected Model"),
        (
            "b: {use: merge, samples: [lenses, p]}\np: {use: page}",
            "b.samples: p makes Report; expected SampleSet; to fix, name one of lenses",
        ),
        ("b: {use: learn, samples: b}", "b.samples: b makes Model; expected SampleSet; to fix, name one of lenses"),
    ],
)
def test_edges_lead_to_a_stage_of_the_right_kind(workshop, stages, fault):
    workshop.write("lenses: {use: numbers}\n" + stages)
    assert fault in [one.removeprefix("toy.yaml:7: stages.") for one in faults(workshop)]


def test_a_kind_that_nobody_makes_has_no_hint(workshop):
    workshop.write("a: {use: numbers}\nb: {use: apply, model: a, samples: a}")
    assert faults(workshop) == ["toy.yaml:7: stages.b.model: a makes SampleSet; expected Model"]


@pytest.mark.parametrize(
    ("stages", "cycle"),
    [
        ("a: {use: merge, samples: a}", "a: takes its own product: a <- a"),
        ("a: {use: merge, samples: b}\nb: {use: merge, samples: a}", "a: takes its own product: a <- b <- a"),
        (
            "x: {use: numbers}\nd: {use: merge, samples: a}\na: {use: merge, samples: [x, b]}\n"
            "b: {use: merge, samples: c}\nc: {use: merge, samples: [x, a]}",
            "a: takes its own product: a <- b <- c <- a",
        ),
    ],
)
def test_cycles_are_told_with_their_path(workshop, stages, cycle):
    workshop.write(stages)
    (fault,) = faults(workshop)
    assert cycle in fault


def test_two_pages_do_not_take_each_other(workshop):
    workshop.write("a: {use: numbers}\none: {use: page}\ntwo: {use: page}")
    graph, problems = graph_of(workshop)
    assert problems == []
    assert taken(graph) == {"a": {}, "one": {"products": ["a"]}, "two": {"products": ["a"]}}


def test_a_page_may_name_its_products_and_another_page(workshop):
    workshop.write(
        "a: {use: numbers}\nb: {use: numbers}\none: {use: page, products: [b]}\ntwo: {use: page, products: [one]}"
    )
    graph, _ = graph_of(workshop)
    assert taken(graph)["one"] == {"products": ["b"]}
    assert taken(graph)["two"] == {"products": ["one"]}
    assert graph.skipped == {}


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ("{first: null, second: null}", "a.test"),
        ("{first: x, second: null}", "${inputs.first}"),
        ("{first: null, second: y}", "${inputs.second}"),
        ("{first: x, second: y}", "${inputs.first}"),
    ],
)
def test_the_first_source_that_is_present_is_taken(workshop, given, source):
    workshop.write(
        """
        a: {use: numbers}
        m: {use: learn, samples: a}
        s: {use: apply, model: m, samples: ["${inputs.first}", "${inputs.second}", a.test]}
        """,
        f"inputs: {given}\n",
    )
    graph, _ = graph_of(workshop)
    assert taken(graph)["s"] == {"model": ["m"], "samples": [source]}


def test_a_field_of_many_takes_all_that_are_present(workshop):
    workshop.write(
        """
        a: {use: numbers}
        b: {use: tiles, images: "${inputs.no}"}
        s: {use: merge, samples: [b, a, "${inputs.no}", "${inputs.yes}"]}
        """,
        "inputs: {no: null, yes: folder}\n",
    )
    graph, _ = graph_of(workshop)
    assert taken(graph)["s"] == {"samples": ["a", "${inputs.yes}"]}


def test_what_has_no_source_is_skipped_and_so_is_what_needs_it(workshop):
    workshop.write(
        """
        images: {use: tiles, images: "${inputs.no}"}
        arcs: {use: follow, tiles: images.train}
        finder: {use: learn, samples: arcs}
        page: {use: page}
        """,
        "inputs: {no: null}\n",
    )
    graph, problems = graph_of(workshop)
    assert problems == []
    assert graph.skipped == {
        "images": "images: inputs.no is absent",
        "arcs": "tiles: none of its sources is present (images.train)",
        "finder": "samples: none of its sources is present (arcs)",
        "page": "products: none of its sources is present (images, arcs, finder)",
    }


def test_an_optional_field_without_a_source_is_left_empty_where_another_has_one(workshop):
    workshop.write(
        """
        a: {use: numbers}
        by_samples: {use: merge, samples: a, table: "${inputs.no}"}
        by_table: {use: merge, samples: "${inputs.no}", table: "${inputs.yes}"}
        by_nothing: {use: merge, samples: "${inputs.no}", table: "${inputs.no}"}
        unnamed: {use: merge}
        """,
        "inputs: {no: null, yes: file}\n",
    )
    graph, _ = graph_of(workshop)
    assert graph.skipped == {"by_nothing": "samples: none of its sources is present (${inputs.no})"}
    assert taken(graph)["by_samples"] == {"samples": ["a"]}


def test_a_given_model_makes_its_training_set_needless(workshop):
    workshop.write(ALL, "inputs: {model: folder}\n")
    graph, _ = graph_of(workshop)
    assert graph.skipped == {"lenses": "not needed: finder has another source"}
    assert taken(graph) == {
        "lenses": {}, "galaxies": {}, "finder": {"from": ["${inputs.model}"]},
        "scores": {"model": ["finder"], "samples": ["galaxies"]},
    }  # fmt: skip


def test_without_the_model_its_training_set_is_needed(workshop):
    workshop.write(ALL, "inputs: {model: null}\n")
    graph, _ = graph_of(workshop)
    assert graph.skipped == {}
    assert taken(graph)["finder"] == {"samples": ["lenses"]}


def test_what_only_made_the_training_set_is_needless_too(workshop):
    workshop.write(
        """
        pictures: {use: numbers}
        lenses: {use: merge, samples: pictures}
        finder: {use: learn, samples: lenses, from: "${inputs.model}"}
        page: {use: page}
        """,
        "inputs: {model: folder}\n",
    )
    graph, _ = graph_of(workshop)
    assert graph.skipped == {
        "lenses": "not needed: finder has another source",
        "pictures": "not needed: lenses is left out",
    }
    assert taken(graph)["page"] == {"products": ["finder"]}


def test_a_training_set_that_is_also_evaluated_on_is_kept(workshop):
    workshop.write(ALL + "skill: {use: apply, model: finder, samples: lenses.test}\n", "inputs: {model: folder}\n")
    graph, _ = graph_of(workshop)
    assert graph.skipped == {}
    assert taken(graph)["skill"] == {"model": ["finder"], "samples": ["lenses.test"]}
    assert taken(graph)["finder"] == {"from": ["${inputs.model}"]}


def test_an_alternative_that_nobody_takes_is_left_out(workshop):
    workshop.write(
        """
        lenses: {use: numbers}
        finder: {use: learn, from: "${inputs.model}"}
        skill: {use: apply, model: finder, samples: ["${inputs.test}", lenses]}
        """,
        "inputs: {model: folder, test: folder}\n",
    )
    graph, _ = graph_of(workshop)
    assert graph.skipped == {"lenses": "not needed: skill has another source"}


def test_what_only_skipped_stages_would_take_is_still_made(workshop):
    workshop.write(
        """
        galaxies: {use: numbers}
        finder: {use: learn, from: "${inputs.model}"}
        scores: {use: apply, model: finder, samples: galaxies}
        """,
        "inputs: {model: null}\n",
    )
    graph, _ = graph_of(workshop)
    assert set(graph.skipped) == {"finder", "scores"}


def test_two_stages_may_take_one_product_and_one_stage_two_of_its_splits(workshop):
    workshop.write(
        """
        a: {use: numbers}
        b: {use: merge, samples: [a.train, a.test]}
        c: {use: merge, samples: a}
        """
    )
    graph, problems = graph_of(workshop)
    assert problems == []
    assert taken(graph) == {"a": {}, "b": {"samples": ["a.train", "a.test"]}, "c": {"samples": ["a"]}}
    assert graph.parents("b") == ["a"]
