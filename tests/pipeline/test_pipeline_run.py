"""Running: what is made and what is not, flags, failures, the budget, and what a run leaves behind."""

import json
import os
from importlib.metadata import version

import pytest

from astrocnn.errors import DataError, PipelineFileError, StageFailed, StoreError
from astrocnn.pipeline import registry
from astrocnn.pipeline.lock import lock
from astrocnn.pipeline.stage import Stage, StageParameters, Task
from astrocnn.pipeline.store import mark_done

STAGES = """
a: {use: numbers, rejected: 1}
m: {use: learn, samples: a}
s: {use: apply, model: m, samples: a.test}
page: {use: page}
"""


@pytest.fixture
def work(workshop):
    workshop.write(STAGES, "failure_budget: 0.3\n")
    return workshop


def run_json(workshop):
    return json.loads((workshop.runs / "toy" / "run.json").read_text())


def tree(folder):
    """Every file below a folder with its content; links by what they point to."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_a_run_makes_everything_once_in_order(work):
    first = work.run()
    assert work.log.read_text().split() == ["a", "m", "s", "page"]
    assert first.ear.states == dict.fromkeys(["a", "m", "s", "page"], "made")
    assert first.ear.counts["a"] == {"rejected": {"too odd": 1}, "simulated": {"": 3}}
    assert ("a", 1, 1, "counting") in first.ear.progress
    work.made()
    second = work.run()
    assert work.made() == []
    assert second.ear.states == dict.fromkeys(["a", "m", "s", "page"], "reuse")
    assert second.ear.counts == first.ear.counts
    assert (work.product("s") / "scores.parquet").read_text() == "a test"
    assert (work.product("page") / "index.html").read_text() == "toy: a m s"


def test_a_second_run_leaves_products_and_records_untouched(work):
    work.run()
    before = {path: path.stat().st_mtime_ns for path in work.runs.rglob("*.json") if path.name != "state.json"}
    work.run()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_only_what_a_change_reaches_is_made(work):
    work.run()
    work.made()
    outcome = work.run("stages.m.epochs=5")
    assert work.made() == ["m", "page", "s"]
    assert outcome.ear.states == {"a": "reuse", "m": "made", "s": "made", "page": "made"}


def test_going_back_reuses_what_was_made_then(work):
    work.run()
    first = work.product("m")
    work.run("stages.m.epochs=5")
    assert work.product("m") != first
    work.made()
    work.run()
    assert work.made() == []
    assert work.product("m") == first


def test_a_profile_runs_beside(workshop):
    workshop.write(STAGES, "failure_budget: 0.3\nprofiles: {smoke: {stages: {a: {number: 9}}}}\n")
    workshop.run()
    workshop.run(profile="smoke")
    assert sorted(path.name for path in workshop.runs.iterdir()) == ["toy", "toy@smoke"]
    assert (workshop.product("page", "toy@smoke") / "index.html").read_text() == "toy@smoke: a m s"


# What a product folder holds


def test_the_same_run_gives_the_same_bytes(work, tmp_path):
    work.run()
    one = tree(work.runs / "toy")
    work.runs = tmp_path / "elsewhere"
    work.run()
    other = tree(work.runs / "toy")
    differing = {path for path in {*one, *other} if one.get(path) != other.get(path) and "logs/" not in path}
    assert {path.rsplit("/", 1)[-1] for path in differing} <= {"environment.json", "done.json", "state.json"}
    assert sum(path.endswith("provenance.json") for path in one) == 4


def test_provenance_says_what_defines_the_product(work):
    work.run()
    record = json.loads((work.product("m") / "provenance.json").read_text())
    plan = work.plan()
    plugins = [{name: getattr(work.config().plugins[0], name) for name in ("kind", "name", "version", "sha256")}]
    assert record == {
        "stage": "m", "use": "learn", "hash": work.product("m").name, "identity": plan["m"].identity,
        "plugins": plugins,
    }  # fmt: skip
    assert (plugins[0]["kind"], plugins[0]["name"]) == ("file", "throwaway_stages.py")
    identity = record["identity"]
    assert identity["sources"] == {"samples": [["a", work.product("a").name, []]], "from": []}
    assert (identity["format_version"], identity["revision"], identity["seed"]) == (1, 1, 1)
    assert identity["parameters"] == {"epochs": 1}
    assert str(work.folder) not in json.dumps(record)


def test_environment_says_where_and_when(work):
    work.run()
    record = json.loads((work.product("m") / "environment.json").read_text())
    assert record["packages"]["numpy"] == version("numpy")
    assert 0 <= record["seconds"] < 60
    assert 10 < record["peak_memory_mb"] < 100_000
    assert record["made"].endswith("+00:00")


def test_run_json_maps_stages_to_products(work):
    work.run()
    record = run_json(work)
    assert {name: stage["hash"] for name, stage in record["stages"].items()} == {
        name: work.product(name).name for name in ["a", "m", "s", "page"]
    }
    assert record["stages"]["m"] == {"hash": work.product("m").name, "use": "learn", "kind": "Model"}
    assert record["parents"] == {"a": [], "m": ["a"], "s": ["m", "a"], "page": ["a", "m", "s"]}
    assert (record["name"], record["seed"], record["file"]) == ("toy", 1, str(work.file))
    assert record["effective"]["stages"]["a"] == {"use": "numbers", "rejected": 1}


def test_skipped_stages_are_told_and_not_run(workshop):
    workshop.write(
        'a: {use: numbers}\nb: {use: tiles, images: "${inputs.no}"}\npage: {use: page}', "inputs: {no: null}\n"
    )
    outcome = workshop.run()
    assert outcome.ear.states == {"a": "made", "b": "skipped", "page": "made"}
    assert run_json(workshop)["skipped"] == {"b": "images: inputs.no is absent"}
    assert (workshop.product("page") / "index.html").read_text() == "toy: a"


def test_warnings_are_heard_once(workshop):
    workshop.write("a: {use: numbers, number: 13}", "inputs: {left: x}\n")
    heard = [problem.key for problem in workshop.run().ear.warnings]
    assert heard == ["inputs.left", "stages.a.number"]


# Flags


def test_to_makes_a_stage_and_those_before_it(work):
    outcome = work.run(to_stage="m")
    assert work.made() == ["a", "m"]
    assert outcome.ear.states == {"a": "made", "m": "made", "s": "not asked for", "page": "not asked for"}
    assert list(run_json(work)["stages"]) == ["a", "m"]


def test_from_makes_a_stage_and_those_after_it(work):
    work.run(to_stage="m")
    work.made()
    outcome = work.run(from_stage="s")
    assert work.made() == ["page", "s"]
    assert outcome.ear.states == {"a": "reuse", "m": "reuse", "s": "made", "page": "made"}


def test_from_and_to_together(work):
    work.run(to_stage="a")
    work.made()
    work.run(from_stage="m", to_stage="s")
    assert work.made() == ["m", "s"]


def test_from_makes_nothing_again_that_is_up_to_date(work):
    work.run()
    work.made()
    work.run(from_stage="m")
    assert work.made() == []


def test_from_needs_its_sources(work):
    with pytest.raises(
        PipelineFileError, match=r"--from s: its source a is not up to date \(not made yet\); to fix, run with"
    ):
        work.run(from_stage="s")
    assert not work.runs.exists()


def test_from_that_does_not_lead_to_to(work):
    with pytest.raises(PipelineFileError, match="--from s does not lead to --to m"):
        work.run(from_stage="s", to_stage="m")


@pytest.mark.parametrize(
    ("flag", "options"),
    [("--from", {"from_stage": "pag"}), ("--to", {"to_stage": "pag"}), ("--force", {"force": ("pag",)})],
)
def test_flags_name_stages_of_the_file(work, flag, options):
    with pytest.raises(PipelineFileError, match=rf"{flag}: no stage is called 'pag'; to fix, did you mean page\?"):
        work.run(**options)
    assert not work.runs.exists()


def test_force_makes_a_product_again_in_its_place(work):
    work.run()
    before = work.product("m").stat().st_ino
    work.made()
    outcome = work.run(force=("m",))
    assert work.made() == ["m"]
    assert outcome.ear.states == {"a": "reuse", "m": "made", "s": "reuse", "page": "reuse"}
    assert work.product("m").stat().st_ino != before
    assert work.plan().stages["s"].state == "reuse"


# Failures


def test_a_failing_stage_leaves_what_was_made_before(work):
    work.run("stages.m.epochs=5", to_stage="a")
    work.made()
    work.write(STAGES + "b: {use: numbers, behave: fail}\nc: {use: merge, samples: b}")
    with pytest.raises(DataError, match="b: cannot count"):
        work.run()
    assert work.made() == ["b", "m", "s"]
    assert set(run_json(work)["stages"]) == {"a", "m", "s"}
    assert os.listdir(work.runs / "toy" / "b") == []
    assert not (work.runs / "toy" / "c").exists()
    work.run("stages.b.behave=well")
    assert work.made() == ["b", "c", "page"]


def test_a_full_disk_ends_a_run_with_a_clear_error(workshop):
    workshop.write("a: {use: numbers, behave: full}")
    with pytest.raises(StoreError, match="cannot be written: No space left on device; to fix, free space"):
        workshop.run()
    assert os.listdir(workshop.runs / "toy" / "a") == []


def test_other_errors_go_through(workshop):
    workshop.write("a: {use: numbers, behave: waver}")
    with pytest.raises(OSError, match="Input/output error"):
        workshop.run()
    assert os.listdir(workshop.runs / "toy" / "a") == []


def test_a_damaged_product_is_made_again(work):
    work.run()
    work.made()
    (work.product("m") / "model.yaml").write_text("trai")
    assert work.states()["m"] == ("run", "not finished")
    work.run()
    assert work.made() == ["m"]
    assert (work.product("m") / "model.yaml").read_text() == "trained: true"


@pytest.mark.parametrize("name", ["provenance.json", "done.json"])
def test_a_damaged_record_of_a_product_makes_it_again(work, name):
    work.run()
    work.made()
    (work.product("m") / name).write_text("{")
    work.run()
    assert work.made() == ["m"]


@pytest.mark.parametrize("name", ["run.json", "files.json"])
def test_a_damaged_record_of_a_run_is_written_anew(work, name):
    work.run()
    (work.runs / "toy" / name).write_text("{")
    work.run()
    assert run_json(work)["name"] == "toy"


def test_a_removed_product_is_made_again_and_nothing_else(work):
    work.run()
    work.made()
    for path in sorted(work.product("m").rglob("*"), reverse=True):
        path.unlink()
    work.product("m").rmdir()
    work.run()
    assert work.made() == ["m"]


def test_the_failure_budget(work):
    assert work.run().over_budget == {}
    work.made()
    outcome = work.run("failure_budget=0.2")
    assert outcome.over_budget == {"a": 0.25}
    assert work.made() == []


def test_two_runs_of_one_folder_do_not_meet(work):
    (work.runs / "toy").mkdir(parents=True)
    with (
        lock(work.runs / "toy"),
        pytest.raises(StoreError, match=f"another run .* received process {os.getpid()}; to fix"),
    ):
        work.run()
    assert work.made() == []
    work.run()
    assert work.made() == ["a", "m", "page", "s"]


def test_a_plan_is_told_while_a_run_is_at_work(work):
    work.run()
    with lock(work.runs / "toy"):
        assert {state for state, _ in work.states().values()} == {"reuse"}


def test_runs_of_a_file_and_its_profile_may_work_together(workshop):
    workshop.write(STAGES, "failure_budget: 0.3\nprofiles: {smoke: {seed: 2}}\n")
    (workshop.runs / "toy").mkdir(parents=True)
    with lock(workshop.runs / "toy"):
        workshop.run(profile="smoke")
    assert workshop.product("page", "toy@smoke").is_dir()


def test_leftovers_of_a_killed_run_are_swept(work):
    left = work.runs / "toy" / "a" / f".{'0' * 32}.99999"
    left.mkdir(parents=True)
    work.run()
    assert not left.exists()


def test_scratch_outlives_a_failure_and_goes_with_success(workshop, monkeypatch):
    class Patient(Stage):
        """Count attempts in scratch."""

        use, produces, Parameters = "patient", "Model", StageParameters

        def run(self, task):
            task.scratch.mkdir(parents=True, exist_ok=True)
            tries = len(list(task.scratch.iterdir()))
            (task.scratch / str(tries)).touch()
            if tries < 2:
                raise StageFailed("once more")
            (task.out / "tries").write_text(str(tries))

    registry.register_stage(Patient())
    workshop.write("a: {use: patient}", head="version: 1\nname: toy\nseed: 1\n")
    for _ in range(2):
        with pytest.raises(StageFailed, match="a: once more"):
            workshop.run()
    workshop.run()
    assert (workshop.product("a") / "tries").read_text() == "2"
    assert os.listdir(workshop.runs / "toy" / "a" / "scratch") == []


@pytest.mark.parametrize("method", ["run", "run_part", "finish"])
def test_a_stage_says_how_it_is_made(method):
    class Empty(Stage):
        """Nothing."""

        use, produces, Parameters = "empty", "Model", StageParameters

    arguments = {"run": (None,), "run_part": (None, None), "finish": (None, [])}[method]
    with pytest.raises(StageFailed, match="empty: makes its product in"):
        getattr(Empty(), method)(*arguments)
    assert Empty().summary == "Nothing."


def test_a_task_needs_its_sources(work):
    scene = work.plan()["m"].scene
    task = Task(None, scene, None, None, None, None)
    assert task.name == "m"
    assert task.source("samples").name == "a"
    with pytest.raises(StageFailed, match=r"m\.from: has no source"):
        task.source("from")


def test_the_digest_of_a_stored_product_never_changes(workshop):
    """Products of released versions are found again; raise FORMAT_VERSION or a revision rather than this digest."""

    class Golden(Stage):
        """A stage with one of each kind of parameter."""

        use, produces, revision = "golden", "SampleSet", 3

        class Parameters(StageParameters):
            number: int = 5
            scale: float = 0.1
            title: str = "é"
            range: tuple[float, float] = (0.5, 2.0)
            nothing: int | None = None

    registry.register_stage(Golden())
    workshop.write("a: {use: golden}", head="version: 1\nname: toy\nseed: 1\n")
    identity = workshop.plan()["a"].identity
    assert identity == {
        "format_version": 1, "stage": "a", "use": "golden", "revision": 3, "seed": 1, "instrument": None,
        "parameters": {"number": 5, "scale": 0.1, "title": "é", "range": [0.5, 2.0], "nothing": None},
        "sources": {}, "outside": {},
    }  # fmt: skip
    assert workshop.plan()["a"].hash == "00f635fb6b50490d9a37bcfa962d33b5"


def test_a_mark_without_a_ledger_is_no_failure(work):
    work.run()
    mark_done(work.product("a"), {})
    assert work.run().ear.counts["a"] == {}
