"""A whole file checked: every error at once with its line, units of a file's folder, plugins, instruments."""

import os
from pathlib import Path

import pytest

from astrocnn.errors import InputMissing
from astrocnn.pipeline.config import find_pipeline, load_config
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.stage import Reference
from astrocnn.resources import config_folder, pipelines_folder


def faults(workshop, *settings, profile=None):
    """Errors as they are shown, the folder of the file left out."""
    with pytest.raises(PipelineFileErrors) as caught:
        workshop.config(*settings, profile=profile)
    return [str(problem).replace(f"{workshop.folder}/", "") for problem in caught.value.problems]


def one_fault(workshop, stages, *settings):
    workshop.write(stages)
    (fault,) = faults(workshop, *settings)
    return fault


def test_a_right_file(workshop):
    workshop.write(
        """
        a: {use: numbers, number: 5}
        b: {use: apply, model: c, samples: a.train+test}
        c: {use: learn, samples: a, from: null}
        """,
        "failure_budget: 0.5\nthreads: 3\n",
    )
    config = workshop.config()
    assert (config.name, config.seed, config.failure_budget, config.threads) == ("toy", 1, 0.5, 3)
    assert config.instrument is None
    assert list(config.stages) == ["a", "b", "c"]
    assert config.stages["a"].parameters.number == 5
    assert config.stages["b"].parameters.samples == (Reference("a", ("train", "test")),)
    assert config.stages["c"].parameters.from_ == ()
    assert [plugin.version for plugin in config.plugins] == ["1.2"]


def test_a_profile_stands_in_the_name(workshop):
    workshop.write("a: {use: numbers}", "profiles: {smoke: {seed: 2}}\n")
    assert workshop.config(profile="smoke").name == "toy@smoke"
    assert workshop.config(profile="smoke").seed == 2


def test_all_errors_of_a_file_come_at_once(workshop):
    workshop.write(
        """
        a:
          use: numbers
          numbre: 5
          value: high
          cuts: {bright: {snr: {abov: 1, between: [1, two]}}}
        b: {use: nmbers}
        c: {number: 5}
        d:
          use: apply
          samples: a.
          model: [c, c]
        """,
        "inputs: {x: 5}\nseeds: 3\n",
        head="version: 2\nname: 1st\nplugins: [throwaway_stages.py]\n",
    )
    assert faults(workshop) == [
        "toy.yaml: seed: is missing; to fix, add it",
        "toy.yaml:1: version: expected 1; received 2",
        "toy.yaml:2: name: string should match pattern '^[A-Za-z][A-Za-z0-9_-]*$'; received '1st'",
        "toy.yaml:4: inputs.x: expected a valid string; received 5",
        "toy.yaml:5: seeds: unknown key; did you mean seed?",
        "toy.yaml:9: stages.a.numbre: unknown key; did you mean number?",
        "toy.yaml:10: stages.a.value: expected a valid number; received 'high'",
        "toy.yaml:11: stages.a.cuts.bright.snr.abov: unknown key; did you mean above?",
        "toy.yaml:11: stages.a.cuts.bright.snr.between[1]: expected a valid number; received 'two'",
        "toy.yaml:12: stages.b.use: no stage is called 'nmbers'; to fix, did you mean numbers?",
        "toy.yaml:13: stages.c: has no `use:`; expected the kind of stage",
        "toy.yaml:16: stages.d.samples: expected a split after the dot, as a.train+validation, received 'a.'",
        "toy.yaml:17: stages.d.model: c stands twice; to fix, keep one",
    ]


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ("null", "stages: expected a valid dictionary; received None"),
        ("[a]", "stages: expected a valid dictionary; received ['a']"),
        ("{}", "stages: dictionary should have at least 1 item after validation, not 0; received {}"),
        ("{a: null}", "stages.a: expected a valid dictionary; received None"),
        ("{a: numbers}", "stages.a: expected a valid dictionary; received 'numbers'"),
        ("{a: {use: null}}", "stages.a: has no `use:`; expected the kind of stage"),
        ("{a: {use: [numbers]}}", "stages.a: has no `use:`; expected the kind of stage"),
        ("{a.b: {use: numbers}}", "stages.a.b: string should match pattern"),
        ("{.hidden: {use: numbers}}", "stages..hidden: string should match pattern"),
        ("{../up: {use: numbers}}", "stages.../up: string should match pattern"),
    ],
)
def test_stages_that_are_none(workshop, stages, fault):
    workshop.file.write_text(f"version: 1\nname: toy\nseed: 1\nplugins: [throwaway_stages.py]\nstages: {stages}\n")
    (found,) = faults(workshop)
    assert found.startswith(f"toy.yaml:5: {fault}")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("number: 5.0", "expected a valid integer; received 5.0"),
        ("number: '5'", "expected a valid integer; received '5'"),
        ("number: true", "expected a valid integer; received True"),
        ("number: 0", "expected greater than or equal to 1; received 0"),
        ("number: null", "expected a valid integer; received None"),
        ("value: '1'", "expected a valid number; received '1'"),
        ("value: true", "expected a valid number; received True"),
        ("value: [1]", "expected a valid number; received [1]"),
        ("range: [1]", None),
        ("range: [1, 2, 3]", "tuple should have at most 2 items after validation, not 3; received [1, 2, 3]"),
        ("range: 5", "expected a valid tuple; received 5"),
        ("label: 1.5", "expected a valid integer or a valid string; received 1.5"),
        ("behave: badly", "expected 'well', 'fail', 'full' or 'waver'; received 'badly'"),
        ("cuts: {a: 5}", None),
        ("value: ${inputs.x}", "there is no input 'x'; known: none"),
    ],
)
def test_types_are_strict(workshop, line, fault):
    found = one_fault(workshop, f"a: {{use: numbers}}\nb:\n  use: numbers\n  {line}")
    key = line.partition(":")[0]
    assert found.startswith(f"toy.yaml:9: stages.b.{key}")
    assert fault is None or found == f"toy.yaml:9: stages.b.{key}: {fault}"


def test_whole_numbers_do_for_numbers(workshop):
    workshop.write("a: {use: numbers, value: 3, range: [1, 2]}")
    parameters = workshop.config().stages["a"].parameters
    assert (parameters.value, parameters.range) == (3.0, (1.0, 2.0))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("{kind: cosine, every_epochs: 2}", "schedule.every_epochs: unknown key; did you mean warmup_epochs?"),
        ("{kind: step, every_epoch: 2}", "schedule.every_epoch: unknown key; did you mean every_epochs?"),
        ("{kind: step, every_epochs: 0}", "schedule.every_epochs: expected greater than 0; received 0"),
        ("{kind: stepp}", "schedule.kind: expected one of step, cosine; received 'stepp'; did you mean step?"),
        ("{}", "schedule: the key kind is missing; to fix, add it"),
        ("cosine", "schedule: expected a valid dictionary or object to extract fields from; received 'cosine'"),
    ],
)
def test_unions_are_told_apart_by_their_tag(workshop, value, fault):
    found = one_fault(workshop, f"a:\n  use: numbers\n  schedule: {value}")
    assert found.startswith(f"toy.yaml:8: stages.a.{fault}")


def test_long_values_are_cut_short(workshop):
    found = one_fault(workshop, f"a: {{use: numbers, value: {'x' * 500}}}")
    assert found.endswith("xxx...")
    assert len(found) < 200


def test_a_name_like_a_field_of_the_model_inside_is_only_a_name(workshop):
    found = one_fault(workshop, "a: {use: numbers, cuts: {above: {between: {abve: 1}}}}")
    assert found == "toy.yaml:6: stages.a.cuts.above.between.abve: unknown key; did you mean above?"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("null", "is needed; received null"),
        ("5", "expected the name of a stage or ${inputs.NAME}, received 5"),
        ("{a: b}", "expected the name of a stage or ${inputs.NAME}, received {'a': 'b'}"),
        ("[]", "expected at least one stage name, received an empty list"),
        ("[[a], b]", "expected the name of a stage or ${inputs.NAME}, received ['a']"),
        ("[null, a]", "expected the name of a stage or ${inputs.NAME}, received None"),
        ("[a, a]", "a stands twice; to fix, keep one"),
        ("[a.test, a.test]", "a.test stands twice; to fix, keep one"),
        ("a.", "expected a split after the dot, as a.train+validation, received 'a.'"),
        ("a.+", "expected a split after the dot, as a.train+validation, received 'a.+'"),
        ("a.train+train", "expected a split after the dot, as a.train+validation, received 'a.train+train'"),
        ("${inputs.no}", "there is no input 'no'; did you mean now?"),
        ("x${inputs.now}", "cannot read 'x${inputs.now}'; expected ${inputs.NAME} and nothing beside it"),
        ("${inputs.now}.train", "cannot read '${inputs.now}.train'; expected ${inputs.NAME} and nothing beside it"),
        ("${input.now}", "cannot read '${input.now}'; expected ${inputs.NAME} and nothing beside it"),
        ("${inputs.now", "cannot read '${inputs.now'; expected ${inputs.NAME} and nothing beside it"),
        ("'${}'", "cannot read '${}'; expected ${inputs.NAME} and nothing beside it"),
    ],
)
def test_products_are_named_by_their_stage(workshop, value, fault):
    workshop.write(
        f"a: {{use: numbers}}\nm: {{use: learn, samples: a}}\nb:\n  use: apply\n  model: m\n  samples: {value}",
        "inputs: {now: null}\n",
    )
    assert faults(workshop) == [f"toy.yaml:12: stages.b.samples: {fault}"]


def test_a_field_that_takes_whole_products_takes_no_split(workshop):
    found = one_fault(workshop, "a: {use: numbers}\nb: {use: learn, samples: a.train}")
    assert found == "toy.yaml:7: stages.b.samples: takes a whole product; expected 'a', received 'a.train'"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("tiles.fits", "takes what comes from outside; expected ${inputs.NAME}, received 'tiles.fits'"),
        ("[1]", "takes what comes from outside; expected ${inputs.NAME}, received [1]"),
        ("null", "is needed; received null"),
    ],
)
def test_files_come_through_inputs(workshop, value, fault):
    assert one_fault(workshop, f"a: {{use: tiles, images: {value}}}") == f"toy.yaml:6: stages.a.images: {fault}"


@pytest.mark.parametrize("value", ["${inputs.x}", "{deep: [1, '${inputs.x}']}", "[a, '${inputs.x}']"])
def test_plain_parameters_take_no_inputs(workshop, value):
    workshop.write(f"a: {{use: numbers, options: {value}}}", "inputs: {x: y}\n")
    assert faults(workshop) == ["toy.yaml:7: stages.a.options: takes a plain value, not an input"]


def test_an_input_that_nobody_uses_is_a_warning(workshop):
    workshop.write("a: {use: numbers}", "inputs:\n  used: null\n  left: a.fits\n")
    workshop.file.write_text(workshop.file.read_text() + '  b: {use: merge, table: "${inputs.used}"}\n')
    (warning,) = workshop.config().problems
    assert (warning.level, warning.key) == ("warning", "inputs.left")
    assert warning.place.endswith("toy.yaml:7")


@pytest.mark.parametrize(
    ("setting", "key", "fault"),
    [
        ("stages.a.numbr=5", "stages.a.numbr", "unknown key; did you mean number?"),
        ("stages.a.number=many", "stages.a.number", "expected a valid integer; received 'many'"),
        ("stages.a.cuts.x.snr.abov=5", "stages.a.cuts.x.snr.abov", "unknown key; did you mean above?"),
        ("stages.a.cutz.x=5", "stages.a.cutz", "unknown key; did you mean cuts?"),
        ("stages.a.use=no", "stages.a.use", "no stage is called 'no'"),
        ("stages.a=", "stages.a", "expected a valid dictionary; received None"),
        ("seed=-1", "seed", "expected greater than or equal to 0; received -1"),
        ("sed=1", "sed", "unknown key; did you mean seed?"),
        ("stages.a.value=${inputs.x}", "stages.a.value", "there is no input 'x'"),
        ("instrument=nowhere", "instrument", "no such instrument"),
        ("plugins=[nowhere.py]", "plugins[0]", "nowhere.py: there is no such plugin"),
    ],
)
def test_errors_of_a_setting_cite_the_flag(workshop, setting, key, fault):
    workshop.write("a: {use: numbers}")
    found = [one for one in faults(workshop, setting) if not one.startswith("toy.yaml")]
    assert found[0].startswith(f"--set {setting}: {key}: {fault}")


def test_errors_of_a_profile_cite_its_line(workshop):
    workshop.write("a: {use: numbers}", "profiles:\n  smoke:\n    stages: {a: {number: 0}}\n")
    assert faults(workshop, profile="smoke") == [
        "toy.yaml:7: stages.a.number: expected greater than or equal to 1; received 0"
    ]


def test_a_profile_that_is_not_asked_for_is_looked_at_too(workshop):
    workshop.write("a: {use: numbers}", "profiles:\n  smoke:\n    stages: {b: {number: 1}}\n")
    assert faults(workshop) == ["toy.yaml:7: profiles.smoke.stages.b: the file has no stage 'b'; known: a"]


def test_stages_of_plugins_are_known_whatever_else_is_wrong(workshop):
    workshop.write("a: {use: numbers}", "unknown: 1\n")
    (fault,) = faults(workshop)
    assert "unknown: unknown key" in fault


@pytest.mark.parametrize("plugins", ["throwaway_stages.py", "[5]", "{a: b}", "[null]"])
def test_plugins_are_a_list_of_files(workshop, plugins):
    workshop.write("a: {use: train}", head=f"version: 1\nname: toy\nseed: 1\nplugins: {plugins}\n")
    assert faults(workshop)[0].startswith("toy.yaml:4: plugins")


def test_plugins_that_cannot_be_loaded_are_told_at_their_line(workshop):
    (workshop.folder / "broken.py").write_text("import nothing_at_all\n")
    workshop.write(
        "a: {use: numbers}", head="version: 1\nname: toy\nseed: 1\nplugins:\n- throwaway_stages.py\n- broken.py\n"
    )
    (fault,) = faults(workshop)
    assert fault.startswith("toy.yaml:6: plugins[1]: broken.py: cannot be loaded: ModuleNotFoundError")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("version: true", None),
        ("name: ''", "name"),
        ("name: " + "x" * 81, "name"),
        ("name: a/b", "name"),
        ("seed: 1.5", "seed"),
        ("seed: -1", "seed"),
        ("failure_budget: 2", "failure_budget"),
        ("threads: 0", "threads"),
        ("inputs: [a]", "inputs"),
        ("inputs: {1a: b}", "inputs"),
        ("inputs: {a: {b: c}}", "inputs.a"),
        ("inputs: {a: true}", "inputs.a"),
        ("instrument: 5", "instrument"),
        ("instrument: nowhere", "instrument"),
        ("instrument: no.yaml", "instrument"),
        ("profiles: [a]", "profiles"),
        ("profiles: {a: 1}", "profiles.a"),
    ],
)
def test_keys_of_the_root(workshop, line, fault):
    lines = {
        "version": "version: 1",
        "name": "name: toy",
        "seed": "seed: 1",
        "plugins": "plugins: [throwaway_stages.py]",
    }
    lines[line.partition(":")[0]] = line
    workshop.write("a: {use: numbers}", head="\n".join(lines.values()) + "\n")
    if fault is None:
        assert workshop.config().name == "toy"
        return
    (found,) = faults(workshop)
    number = list(lines).index(line.partition(":")[0]) + 1
    assert found.startswith(f"toy.yaml:{number}: {fault}")


def test_an_instrument_by_name_and_by_file(workshop):
    workshop.write("a: {use: numbers}", "instrument: lsst\n")
    assert workshop.config().instrument.name == "lsst"
    (workshop.folder / "mine.yaml").write_bytes((config_folder() / "instruments" / "lsst.yaml").read_bytes())
    workshop.write("a: {use: numbers}", "instrument: mine.yaml\n")
    assert workshop.config().instrument.name == "mine"


def test_relative_paths_start_from_the_file_and_those_of_flags_from_the_working_folder(tiles, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert tiles.config().inputs["images"].path == tiles.folder / "tile_*.txt"
    changed = tiles.config("inputs.images=mine/*.txt")
    assert changed.inputs["images"].path.absolute() == elsewhere / "mine/*.txt"
    whole = tiles.config("inputs={images: mine/*.txt}")
    assert whole.inputs["images"].path.absolute() == elsewhere / "mine/*.txt"
    (elsewhere / "here.py").write_text("__version__ = '7'\n")
    (elsewhere / "here.yaml").write_bytes((config_folder() / "instruments" / "lsst.yaml").read_bytes())
    assert tiles.config("instrument=here.yaml").instrument.name == "here"
    with_plugin = tiles.config(f"plugins=[here.py, {tiles.folder / 'throwaway_stages.py'}]")
    assert [plugin.version for plugin in with_plugin.plugins] == ["7", "1.2"]


def test_an_absolute_path_stays(tiles, tmp_path):
    config = tiles.config(f"inputs.images={tmp_path / 'x.fits'}")
    assert config.inputs["images"].path == tmp_path / "x.fits"


def test_a_packaged_pipeline_by_name_takes_paths_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").mkdir()
    file, base = find_pipeline("quickstart")
    assert file == pipelines_folder() / "quickstart.yaml"
    assert base == Path()
    config = load_config("quickstart", settings=["inputs.picture=mine.fits"])
    assert config.inputs["picture"].path.absolute() == tmp_path / "mine.fits"


def test_a_file_comes_before_a_packaged_pipeline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").write_text("version: 1\n")
    assert find_pipeline("quickstart") == (Path("quickstart"), Path())


@pytest.mark.parametrize("name", ["quickstrt", "quickstart.yml", "no/such/file.yaml", "", "x" * 5000, "a\0b", "."])
def test_a_pipeline_that_is_not_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputMissing) as caught:
        load_config(name)
    assert caught.value.exit_code == 2
    assert caught.value.fix


def test_the_nearest_pipeline_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenses.yaml").write_text("")
    with pytest.raises(InputMissing, match=r"did you mean quickstart\?"):
        load_config("quickstrat")
    with pytest.raises(InputMissing, match=r"did you mean lenses\.yaml\?"):
        load_config("lenes.yaml")


def test_the_inputs_of_the_contract_may_stand_in_brackets(workshop):
    workshop.write(
        "a: {use: numbers}\nm: {use: learn, samples: a}\nb: {use: apply, model: m, samples: [${inputs.test}, a.test]}",
        "inputs: {test: null}\n",
    )
    first, second = workshop.config().stages["b"].parameters.samples
    assert (first.outside.name, first.outside.value) == ("test", None)
    assert str(first) == "${inputs.test}"
    assert (str(second), second.splits) == ("a.test", ("test",))


def test_checking_writes_nothing(workshop):
    workshop.write("a: {use: numbers}")
    before = set(os.listdir(workshop.folder))
    workshop.plan()
    assert set(os.listdir(workshop.folder)) == before
