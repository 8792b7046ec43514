"""What a plan says: run or reuse, and why; what is in the hash of a product and of a part, and what is not."""

import os

import pytest

from astrocnn.errors import PipelineFileError
from astrocnn.pipeline.problems import PipelineFileErrors

STAGES = """
a: {use: numbers}
m: {use: learn, samples: a}
s: {use: apply, model: m, samples: a.test}
"""
FRESH = ("run", "not made yet")
KEPT = ("reuse", "up to date")


@pytest.fixture
def made(workshop):
    workshop.write(STAGES)
    workshop.run()
    return workshop


def hashes(workshop, *settings, **keywords):
    return {name: stage.hash for name, stage in workshop.plan(*settings, **keywords).stages.items()}


def part_hashes(workshop, *settings):
    plan = workshop.plan(*settings)
    return {name: {part.name: part.hash for part in stage.parts or ()} for name, stage in plan.stages.items()}


def test_nothing_is_made_yet(workshop):
    workshop.write(STAGES)
    assert workshop.states() == dict.fromkeys("ams", FRESH)
    assert not workshop.runs.exists()
    assert workshop.made() == []


def test_what_is_made_is_reused(made):
    assert made.states() == dict.fromkeys("ams", KEPT)


def test_a_changed_parameter_is_named_and_its_takers_say_so(made):
    assert made.states("stages.a.number=4") == {
        "a": ("run", "parameters.number 3 -> 4"),
        "m": ("run", "sources.samples changed"),
        "s": ("run", "sources.model changed, sources.samples changed"),
    }


def test_a_change_below_leaves_what_stands_above(made):
    assert made.states("stages.m.epochs=2") == {
        "a": KEPT,
        "m": ("run", "parameters.epochs 1 -> 2"),
        "s": ("run", "sources.model changed"),
    }


def test_many_changes_are_counted(made):
    settings = [
        f"stages.a.{one}" for one in ("number=4", "value=2", "label=x", "range=[0, 2]", "rejected=1", "behave=fail")
    ]
    (state, reason) = made.states(*settings)["a"]
    assert state == "run"
    assert reason == (
        "parameters.behave well -> fail, parameters.label none -> x, parameters.number 3 -> 4, "
        "parameters.range [0.0, 1.0] -> [0.0, 2.0] and 2 more"
    )


def test_a_default_written_out_is_no_change(made):
    assert made.states("stages.a.number=3", "stages.a.value=1", "stages.m.epochs=1")["a"] == KEPT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("seed=2", "seed 1 -> 2"),
        ("instrument=lsst", "instrument changed"),
        ("stages.s.samples=a.train", "sources.samples changed"),
        ("stages.s.samples=a", "sources.samples changed"),
    ],
)
def test_what_else_is_in_the_hash(made, change, reason):
    state, reasons = made.states(change)["s"]
    assert state == "run"
    assert reason in reasons.split(", ")
    assert hashes(made, change)["s"] != hashes(made)["s"]


@pytest.mark.parametrize(
    "change", ["failure_budget=0.9", "threads=7", "name=other", "inputs={x: null}", "profiles={p: null}"]
)
def test_what_is_not_in_the_hash(made, change):
    assert hashes(made, change) == hashes(made)


def test_a_raised_revision_makes_the_stage_again(made, monkeypatch):
    monkeypatch.setattr(type(made.config().stages["m"].stage), "revision", 2)
    assert made.states()["m"] == ("run", "revision 1 -> 2")
    assert made.states()["a"] == KEPT


def test_backend_and_threads_count_for_stages_that_use_keras_alone(made, monkeypatch):
    monkeypatch.setattr(type(made.config().stages["m"].stage), "uses_keras", True)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    made.run()
    assert made.states() == dict.fromkeys("ams", KEPT)
    changed = made.states("threads=7")
    assert changed["a"] == KEPT
    assert changed["m"] == ("run", "backend.threads 2 -> 7")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert made.states()["m"] == ("run", "backend.backend tensorflow -> jax")


def test_a_changed_plugin_makes_all_again(made):
    plugin = made.folder / "throwaway_stages.py"
    plugin.write_text(plugin.read_text() + "\n# changed\n")
    assert {state for state, _ in made.states().values()} == {"run"}


def test_a_renamed_stage_is_another_product(workshop):
    workshop.write("a: {use: numbers}\nb: {use: numbers}")
    first, second = hashes(workshop).values()
    assert first != second


def test_paths_of_file_runs_and_inputs_are_not_in_the_hash(tiles, tmp_path):
    before = hashes(tiles), part_hashes(tiles)
    moved = tmp_path / "moved"
    tiles.folder.rename(moved)
    tiles.folder, tiles.file, tiles.runs = moved, moved / "toy.yaml", tmp_path / "elsewhere"
    assert (hashes(tiles), part_hashes(tiles)) == before


def test_force_is_said(made):
    assert made.states(force=["m"]) == {"a": KEPT, "m": ("run", "forced"), "s": KEPT}


def test_force_of_an_unknown_stage(made):
    with pytest.raises(PipelineFileError, match=r"--force: no stage is called 'mm'; to fix, did you mean m\?"):
        made.plan(force=["mm"])


def test_findings_of_a_stage_are_placed(workshop):
    workshop.write("a:\n  use: numbers\n  number: 13\nb: {use: numbers, number: 666}\nc: {use: numbers, number: 667}")
    found = [(one.level, str(one).replace(f"{workshop.folder}/", "")) for one in workshop.plan().problems]
    assert found == [
        ("warning", "toy.yaml:8: stages.a.number: is unlucky"),
        ("error", "toy.yaml:9: stages.b.number: is evil"),
        ("error", "toy.yaml:10: stages.c: is beside evil"),
    ]
    with pytest.raises(PipelineFileErrors, match="is evil"):
        workshop.run()
    assert not workshop.runs.exists()


def test_a_graph_that_cannot_run_has_no_plan(workshop):
    workshop.write("a: {use: merge, samples: a}")
    with pytest.raises(PipelineFileErrors, match="takes its own product"):
        workshop.plan()


def test_forecasts_are_told(workshop):
    workshop.write("a: {use: numbers, number: 7}\nb: {use: merge, samples: a}")
    plan = workshop.plan()
    assert (plan["a"].forecast.objects, plan["a"].forecast.bytes) == (7, 56)
    assert plan["b"].scene.sources["samples"][0].forecast.objects == 7
    assert plan["b"].forecast.objects is None
    assert plan["b"].name == "b"


def test_skipped_stages_say_why(workshop):
    workshop.write('a: {use: tiles, images: "${inputs.no}"}', "inputs: {no: null}\n")
    assert workshop.states() == {"a": ("skipped", "images: inputs.no is absent")}


# Files from outside


@pytest.fixture
def table(workshop):
    (workshop.folder / "table.csv").write_text("one")
    workshop.write('a: {use: merge, table: "${inputs.table}"}', "inputs: {table: table.csv}\n")
    workshop.run()
    return workshop


def test_a_file_that_is_only_touched_is_the_same(table):
    os.utime(table.folder / "table.csv", (1, 1))
    assert table.states() == {"a": KEPT}


def test_a_file_that_is_moved_is_the_same(table):
    (table.folder / "table.csv").rename(table.folder / "other.csv")
    assert table.states("inputs.table=" + str(table.folder / "other.csv")) == {"a": KEPT}


def test_a_file_of_the_same_size_with_other_content_is_another(table):
    (table.folder / "table.csv").write_text("two")
    os.utime(table.folder / "table.csv", (2, 2))
    assert table.states() == {"a": ("run", "outside.table changed")}


def test_an_optional_file_that_is_absent_is_another(table):
    assert table.states("inputs.table=null") == {"a": ("run", "outside.table changed")}


def test_an_unchanged_file_is_read_once(table, monkeypatch):
    read = []
    monkeypatch.setattr("astrocnn.pipeline.identity.file_sha256", lambda path: read.append(path) or "0" * 64)
    table.plan()
    assert read == []
    (table.folder / "table.csv").write_text("three")
    table.plan()
    table.plan()
    assert len(read) == 1


def test_a_run_reads_a_file_once(workshop, monkeypatch):
    from astrocnn.pipeline.identity import file_sha256

    read = []
    monkeypatch.setattr("astrocnn.pipeline.identity.file_sha256", lambda path: read.append(path) or file_sha256(path))
    (workshop.folder / "table.csv").write_text("one")
    workshop.write('a: {use: merge, table: "${inputs.table}"}', "inputs: {table: table.csv}\n")
    workshop.run()
    assert len(read) == 1


@pytest.mark.parametrize("cache", ["", "[]", "5", "null", '{"a": ', "\udcff"])
def test_a_damaged_cache_is_no_cache(table, cache):
    (table.runs / "toy" / "files.json").write_bytes(cache.encode("utf-8", "surrogateescape"))
    assert table.states() == {"a": KEPT}


@pytest.mark.parametrize("path", ["no.csv", "."])
def test_a_file_that_cannot_be_read(table, path):
    (problem,) = table.plan(f"inputs.table={table.folder / path}").problems
    assert problem.key == "inputs.table"
    assert problem.text.startswith(f"{table.folder / path}: cannot be read")


@pytest.fixture
def given(workshop):
    folder = workshop.folder / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.yaml").write_text("epochs: 1")
    (folder / "sub" / "weights").write_text("1 2 3")
    workshop.write('m: {use: learn, from: "${inputs.model}"}', "inputs: {model: model}\n")
    return workshop


def test_a_product_from_outside_is_known_by_its_files(given):
    before = hashes(given)
    source = given.plan()["m"].scene.source("from")
    assert (source.name, source.kind, source.folder) == ("inputs.model", "Model", (given.folder / "model").resolve())
    (given.folder / "model").rename(given.folder / "moved")
    assert hashes(given, f"inputs.model={given.folder / 'moved'}") == before
    (given.folder / "moved" / "sub" / "weights").rename(given.folder / "moved" / "sub" / "w")
    assert hashes(given, f"inputs.model={given.folder / 'moved'}") != before


@pytest.mark.parametrize("path", ["nothing", "toy.yaml", "model/sub"])
def test_a_folder_that_holds_no_such_product(given, path):
    (problem,) = given.plan(f"inputs.model={given.folder / path}").problems
    assert (problem.place, problem.key) == (f"--set inputs.model={given.folder / path}", "inputs.model")
    assert problem.text == f"{given.folder / path}: holds no Model; expected a folder with model.yaml"


# Parts


def test_parts_are_planned_with_their_stage(tiles):
    plan = tiles.plan()
    assert [part.name for part in plan["cut"].parts] == ["tile_a", "tile_b", "tile_c"]
    assert [part.name for part in plan["arcs"].parts] == ["tile_a", "tile_b", "tile_c"]
    assert len({part.hash for stage in plan.stages.values() for part in stage.parts}) == 6


def test_a_changed_file_changes_its_part_and_those_that_follow_it(tiles):
    tiles.run()
    before = part_hashes(tiles)
    (tiles.folder / "tile_b.txt").write_text("9.0")
    after = part_hashes(tiles)
    for stage in ("cut", "arcs"):
        changed = {name for name in before[stage] if before[stage][name] != after[stage][name]}
        assert changed == {"tile_b"}
    assert tiles.states()["cut"] == ("run", "parts.tile_b changed")
    assert tiles.states()["arcs"] == ("run", "parts.tile_b changed, sources.tiles changed")


def test_an_added_and_a_removed_file_are_named(tiles):
    tiles.run()
    (tiles.folder / "tile_d.txt").write_text("4.0")
    (tiles.folder / "tile_a.txt").unlink()
    assert tiles.states()["cut"] == ("run", "parts.tile_a changed, parts.tile_d changed")


def test_a_key_of_the_extent_changes_the_product_and_no_part(tiles):
    before, one = part_hashes(tiles), part_hashes(tiles, "stages.cut.first=2")
    assert one["cut"] == {name: before["cut"][name] for name in ("tile_a", "tile_b")}
    assert one["arcs"] == {name: before["arcs"][name] for name in ("tile_a", "tile_b")}
    assert hashes(tiles, "stages.cut.first=2")["cut"] != hashes(tiles)["cut"]
    assert part_hashes(tiles, "stages.cut.first=99") == before


@pytest.mark.parametrize("change", ["stages.cut.scale=2", "seed=2", "instrument=lsst"])
def test_what_changes_every_part(tiles, change):
    before, after = part_hashes(tiles), part_hashes(tiles, change)
    assert all(before[stage][name] != after[stage][name] for stage in before for name in before[stage])


def test_the_splits_taken_of_a_followed_product_are_in_its_parts(tiles):
    """Parts that follow `cut` hold the hash of its part; another split of it is other work on the same part."""
    whole, train = part_hashes(tiles), part_hashes(tiles, "stages.arcs.tiles=cut.train")
    test = part_hashes(tiles, "stages.arcs.tiles=cut.test")
    assert whole["cut"] == train["cut"] == test["cut"]
    for name in whole["arcs"]:
        assert len({whole["arcs"][name], train["arcs"][name], test["arcs"][name]}) == 3


def test_parts_of_one_name_are_refused(tiles):
    with pytest.raises(PipelineFileErrors, match=r"stages\.cut: two parts have one name"):
        tiles.run("stages.cut.one_name=true")


def test_a_part_named_once_is_fine(tiles):
    (tiles.folder / "tile_a.txt").unlink()
    (tiles.folder / "tile_b.txt").unlink()
    assert list(part_hashes(tiles, "stages.cut.one_name=true")["cut"]) == ["same"]


def test_a_tile_that_is_gone_between_listing_and_reading(tiles, monkeypatch):
    (tiles.folder / "tile_b.txt").unlink()
    (tiles.folder / "tile_b.txt").symlink_to("nowhere")
    plan = tiles.plan()
    (problem,) = plan.problems
    assert (problem.place, problem.key) == (f"{tiles.file}:5", "inputs.images")
    assert "tile_b.txt: cannot be read" in problem.text
    assert not plan.stages, "nothing is told of the stage, nor of the one that follows it"
    with pytest.raises(PipelineFileErrors, match=r"tile_b\.txt: cannot be read"):
        tiles.run()
