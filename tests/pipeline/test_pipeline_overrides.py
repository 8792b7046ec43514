"""Profiles and `--set`: what is laid over what, and errors that cite the flag."""

import pytest

from astrocnn.pipeline.document import parse_document
from astrocnn.pipeline.overrides import apply_all, apply_profile, apply_setting
from astrocnn.pipeline.problems import PipelineFileErrors

TEXT = """\
version: 1
inputs: {tiles: "t.fits", test: null}
stages:
  lenses: {use: a, number: 5, range: [1, 2, 3], deep: {x: 1, y: [{z: 1}, {z: 2}]}}
  finder: {use: b}
profiles:
  smoke:
    stages:
      lenses:
        number: 1
        range: [9]
        deep: {x: 2}
      finder: {epochs: 1}
    inputs: {test: "mine"}
  empty:
  wrong: [1]
  alien:
    stages: {lenss: {number: 1}, finder: {}}
    inputs: {tile: x}
"""


@pytest.fixture
def document():
    return parse_document(TEXT, "f")


def refused(call, *arguments):
    with pytest.raises(PipelineFileErrors) as caught:
        call(*arguments)
    return [str(problem) for problem in caught.value.problems]


def test_a_profile_merges_mappings_and_replaces_the_rest(document):
    stages = apply_profile(document, "smoke").data["stages"]
    assert stages["lenses"] == {"use": "a", "number": 1, "range": [9], "deep": {"x": 2, "y": [{"z": 1}, {"z": 2}]}}
    assert stages["finder"] == {"use": "b", "epochs": 1}


def test_what_a_profile_says_is_placed_at_the_profile(document):
    changed = apply_profile(document, "smoke")
    place = {path: changed.place(path) for path in [
        ("stages", "lenses"), ("stages", "lenses", "use"), ("stages", "lenses", "number"),
        ("stages", "lenses", "range", 0), ("stages", "finder", "epochs"), ("inputs", "test"), ("inputs", "tiles"),
    ]}  # fmt: skip
    assert list(place.values()) == ["f:4", "f:4", "f:10", "f:11", "f:13", "f:14", "f:2"]


def test_the_document_itself_is_left_alone(document):
    before = parse_document(TEXT, "f")
    apply_all(document, "smoke", ["stages.lenses.deep.y[0].z=5", "stages.finder.x.y=1"])
    assert (document.data, document.places) == (before.data, before.places)


def test_an_empty_profile_changes_nothing(document):
    assert apply_profile(document, "empty").data == document.data


@pytest.mark.parametrize("text", ["version: 1", "profiles: null", "profiles: [1]", "profiles: smoke"])
def test_a_profile_that_is_not_there(text):
    assert refused(apply_profile, parse_document(text, "f"), "smoke") == [
        "--profile: profiles: no profile is called 'smoke'; known: none"
    ]


def test_a_misspelt_profile(document):
    (fault,) = refused(apply_profile, document, "smok")
    assert "did you mean smoke?" in fault


def test_a_profile_must_be_a_mapping(document):
    assert refused(apply_profile, document, "wrong") == ["f:16: profiles.wrong: expected a mapping of keys to change"]


def test_a_profile_adds_no_stage_and_no_input(document):
    assert refused(apply_profile, document, "alien") == [
        "f:18: profiles.alien.stages.lenss: the file has no stage 'lenss'; did you mean lenses?",
        "f:19: profiles.alien.inputs.tile: the file has no input 'tile'; did you mean tiles?",
    ]


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("stages.lenses.number=7", ("stages", "lenses", "number"), 7),
        ("stages.lenses.range=[4]", ("stages", "lenses", "range"), [4]),
        ("stages.lenses.range[1]=8", ("stages", "lenses", "range"), [1, 8, 3]),
        ("stages.lenses.deep.y[1].z=8", ("stages", "lenses", "deep", "y"), [{"z": 1}, {"z": 8}]),
        ("stages.lenses.deep={}", ("stages", "lenses", "deep"), {}),
        ("stages.lenses.title=a = b", ("stages", "lenses", "title"), "a = b"),
        ("stages.finder.epochs=3", ("stages", "finder"), {"use": "b", "epochs": 3}),
        ("stages.finder.augment.rotate=quarter", ("stages", "finder"), {"use": "b", "augment": {"rotate": "quarter"}}),
        ("stages.finder.a.b.c=1", ("stages", "finder", "a"), {"b": {"c": 1}}),
        ("inputs.test=a.fits", ("inputs", "test"), "a.fits"),
        ("inputs.test=", ("inputs", "test"), None),
        ("seed=5", ("seed",), 5),
        (
            "stages.lenses.samples=[${inputs.test}, finder]",
            ("stages", "lenses", "samples"),
            ["${inputs.test}", "finder"],
        ),
    ],
)
def test_settings(document, setting, path, value):
    changed = apply_setting(document, setting)
    data = changed.data
    for part in path:
        data = data[part]
    assert data == value
    assert f"--set {setting}" in changed.places.values()


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("stages.lens.number=5", "there is no 'lens' in stages; did you mean lenses?"),
        ("stages.more={use: a}", "there is no 'more' in stages; known: finder, lenses"),
        ("inputs.tles=x", "there is no 'tles' in inputs; did you mean tiles?"),
        ("stage.lenses.number=5", "there is no 'stage' in the file; did you mean stages?"),
        ("profiles.smok.seed=5", "there is no 'smok' in profiles; did you mean smoke?"),
        ("stages.lenses.range[3]=5", "stages.lenses.range is a list of 3, which has no [3]"),
        ("stages.lenses.range.x=5", "stages.lenses.range is a list of 3, which has no key 'x'"),
        ("stages.lenses.number.x=5", "stages.lenses.number is 5, which has no key 'x'"),
        ("stages.lenses.number[0]=5", "stages.lenses.number is 5, which has no [0]"),
        ("stages[0]=5", "stages is a mapping, which has no [0]"),
        ("version.x=5", "version is 1, which has no key 'x'"),
    ],
)
def test_paths_that_lead_nowhere_cite_the_flag(document, setting, fault):
    path = setting.partition("=")[0]
    assert refused(apply_setting, document, setting) == [f"--set {setting}: {path}: {fault}"]


@pytest.mark.parametrize(
    "setting",
    [
        "stages.lenses.number",
        "",
        "=5",
        "stages..lenses=1",
        "stages.=1",
        ".stages=1",
        "stages.lenses[x]=1",
        "a b]=1",
        "stages.lenses[-1]=1",
        "stages.lenses[=1",
        "stages.lenses[0=1",
    ],
)
def test_what_is_no_setting(document, setting):
    (fault,) = refused(apply_setting, document, setting)
    assert fault.startswith(f"--set {setting}: ")
    assert "expected PATH=YAML" in fault


@pytest.mark.parametrize("value", ["[1", "{a: 1, a: 2}", "!x 1", ".nan", "a: b: c"])
def test_a_value_that_is_no_yaml_cites_the_flag(document, value):
    (fault,) = refused(apply_setting, document, f"seed={value}")
    assert fault.startswith(f"--set seed={value}: seed: ")


def test_a_key_that_a_flag_made_is_placed_at_the_flag(document):
    changed = apply_setting(document, "stages.finder.augment.rotate=quarter")
    flag = "--set stages.finder.augment.rotate=quarter"
    assert changed.place(("stages", "finder", "augment")) == flag
    assert changed.place(("stages", "finder", "augment", "rotate")) == flag
    assert changed.place(("stages", "finder", "use")) == "f:5"


def test_a_mapping_that_a_flag_replaced_holds_no_old_places(document):
    changed = apply_setting(document, "stages.lenses.deep={y: 1}")
    assert changed.place(("stages", "lenses", "deep", "y")) == "--set stages.lenses.deep={y: 1}"


def test_flags_stand_over_profiles_and_later_over_earlier(document):
    changed = apply_all(document, "smoke", ["stages.lenses.number=3", "stages.lenses.number=4"])
    assert changed.data["stages"]["lenses"]["number"] == 4
    assert changed.data["stages"]["lenses"]["range"] == [9]
    assert changed.place(("stages", "lenses", "number")) == "--set stages.lenses.number=4"


def test_all_wrong_flags_are_told_at_once(document):
    faults = refused(apply_all, document, None, ["a.b=1", "seed=2", "nonsense"])
    assert [fault.split(":")[0] for fault in faults] == ["--set a.b=1", "--set nonsense"]


@pytest.mark.parametrize("text", ["", "- 1\n- 2\n", "5", "text"])
def test_a_file_that_is_no_mapping(text):
    (fault,) = refused(apply_all, parse_document(text, "f"), None, [])
    assert fault.endswith("the file: expected a mapping with version, name, seed, stages")
