"""Reading YAML: places of keys, what is refused and where, and files that try to do harm."""

import pytest

from astrocnn.errors import InputMissing
from astrocnn.pipeline.document import dotted, parse_document, parse_scalar, read_document
from astrocnn.pipeline.problems import PipelineFileErrors

TEXT = """\
# a comment
version: 1
stages:
  lenses:
    use: x     # another

    number: 5
    range: [1,
      2]
  finder: {use: y,
           options: {deep: 1}}
"""


def faults(text):
    with pytest.raises(PipelineFileErrors) as caught:
        parse_document(text, "f")
    return [str(problem) for problem in caught.value.problems]


def test_every_key_and_item_knows_its_line():
    document = parse_document(TEXT, "f")
    lines = {
        ("version",): 2, ("stages",): 3, ("stages", "lenses"): 4, ("stages", "lenses", "use"): 5,
        ("stages", "lenses", "number"): 7, ("stages", "lenses", "range", 0): 8, ("stages", "lenses", "range", 1): 9,
        ("stages", "finder"): 10, ("stages", "finder", "options"): 11, ("stages", "finder", "options", "deep"): 11,
    }  # fmt: skip
    assert {path: document.place(path) for path in lines} == {path: f"f:{line}" for path, line in lines.items()}


def test_an_unwritten_key_is_placed_at_what_stands_around_it():
    document = parse_document(TEXT, "f")
    assert document.place(("stages", "lenses", "seed", "more")) == "f:4"
    assert document.place(("nothing",)) == "f"


def test_data_is_plain():
    data = parse_document("a: [1, 2.5, true, null, text, 2020-01-01, 1e3, 012, yes, '5']\nb: {}\n", "f").data
    assert data == {"a": [1, 2.5, True, None, "text", "2020-01-01", 1000.0, 12, "yes", "5"], "b": {}}


@pytest.mark.parametrize(
    ("text", "data"), [("", None), ("# nothing\n", None), ("- 1\n- a\n", [1, "a"]), ("5", 5), ("\ufeffa: 1", {"a": 1})]
)
def test_any_document_is_read(text, data):
    assert parse_document(text, "f").data == data


def test_duplicate_keys_are_told_with_both_places():
    assert faults("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n") == [
        "f:5: b.c: stands twice, first at f:3; to fix, keep one",
        "f:6: a: stands twice, first at f:1; to fix, keep one",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1: x", "'1'"),
        ("true: x", "'true'"),
        ("null: x", "'null'"),
        ("? \n: x", "''"),
        ("1.5: x", "'1.5'"),
        ("<<: {a: 1}", "'<<'"),
        ("? [a, b]\n: x", "a mapping or a list"),
        ("? {a: b}\n: x", "a mapping or a list"),
        ("!new a: x", "'a'"),
        (r'"\ud800": x', r"'\ud800'"),
    ],
)
def test_keys_must_be_text(text, key):
    (fault,) = faults(text)
    assert fault.startswith("f:1: the file: a key must be text, received " + key)


@pytest.mark.parametrize(
    "value",
    [
        "!new x",
        "!!python/object:os.system x",
        "!!python/object/apply:os.system [ls]",
        "!!binary aGk=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!new {b: 1}",
        "!new [1]",
        "!!seq {a: 1}",
        "=",
    ],
)
def test_tags_are_refused(value):
    (fault,) = faults(f"a: 1\nb: {value}\n")
    assert fault.startswith("f:2: b: the tag ")
    assert "is not allowed" in fault


def test_the_tags_of_plain_data_may_be_written_out():
    assert parse_document("!!map {a: !!str 5, b: !!seq [!!int '7'], c: !!float 1, d: ! x}", "f").data == {
        "a": "5", "b": [7], "c": 1.0, "d": "x",
    }  # fmt: skip


@pytest.mark.parametrize("value", ["!!bool abc", "!!int ''", "!!int abc", "!!float ''", "!!float abc", "9" * 5000])
def test_scalars_that_are_not_what_their_tag_says(value):
    (fault,) = faults(f"a: {value}")
    assert fault.startswith("f:1: a: cannot be read as ")


@pytest.mark.parametrize(
    "value", [".nan", ".inf", "-.inf", "1e999", str(2**63), "-9223372036854775809", "0x" + "f" * 40]
)
def test_numbers_that_json_cannot_hold_are_refused(value):
    (fault,) = faults(f"a: {value}")
    assert fault.startswith("f:1: a: cannot be used: ")
    assert "finite number" in fault


def test_the_largest_numbers_are_kept():
    assert parse_document(f"a: {2**63 - 1}\nb: {-(2**63)}\nc: 1e308", "f").data == {
        "a": 2**63 - 1,
        "b": -(2**63),
        "c": 1e308,
    }


def test_half_a_surrogate_pair_is_no_text():
    (fault,) = faults('a: "\\ud800"')
    assert r"'\ud800'" in fault


def test_all_faults_come_at_once_in_their_order():
    assert [fault.split(":")[1] for fault in faults("a: !x 1\n2: b\nc: .nan\nc: 1\n")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: [1, 2", 1, "expected ',' or ']'"),
        ("a: 1\nb: {c: 1\n", 3, "expected ',' or '}'"),
        ("a: 1\n\tb: 2", 2, "cannot start any token"),
        ("a: *x", 1, "undefined alias"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: 'x", 1, "unexpected end of stream"),
        ("a: %x", 1, "cannot start any token"),
    ],
)
def test_broken_yaml_is_told_with_its_line(text, line, what):
    (fault,) = faults(text)
    assert fault.startswith(f"f:{line}: the file: not valid YAML: ")
    assert what in fault


def test_a_version_of_yaml_that_there_is_not_is_refused_wherever_it_stands():
    (fault,) = faults("a: 1\nb:\n%YAML 9.9\n    c: 2\n")
    assert fault.endswith("a line %YAML within it, of a version that there is not; to fix, remove it")


@pytest.mark.parametrize("text", ["a: \x00", "a: \x01", "a\x07b"])
def test_control_characters_are_refused(text):
    (fault,) = faults(text)
    assert "not valid YAML" in fault


def test_anchors_are_read_as_copies_and_may_be_given_anew():
    document = parse_document("a: &x {n: 1}\nb: *x\nc: &x 2\nd: *x\n", "f")
    assert document.data == {"a": {"n": 1}, "b": {"n": 1}, "c": 2, "d": 2}
    assert document.data["a"] is not document.data["b"]
    assert document.place(("b",)) == "f:2"


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: *x}", "a: &x [1, {b: [*x]}]"])
def test_an_alias_inside_what_it_names_is_refused(text):
    (fault,) = faults(text)
    assert "nested deeper" in fault


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (fault,) = faults("\n".join(lines))
    assert "more than 100000 values" in fault


@pytest.mark.parametrize(
    ("opening", "depth"), [("[", 60), ("{a: ", 60), ("- ", 60), ("[", 300), ("{a: ", 5000), ("- ", 5000)]
)
def test_deep_nesting_is_refused(opening, depth):
    closing = {"[": "]", "{a: ": "}", "- ": ""}[opening]
    (fault,) = faults(opening * depth + "x" + closing * depth)
    assert "nested" in fault


def test_nesting_as_deep_as_anyone_needs_is_read():
    data = parse_document("[" * 40 + "x" + "]" * 40, "f").data
    for _ in range(40):
        (data,) = data
    assert data == "x"


@pytest.mark.parametrize(
    "text",
    [
        "a: [${inputs.test}, lenses.test]",
        "a: ['${inputs.test}', lenses.test]",
        "a:\n- ${inputs.test}\n- lenses.test",
        "{a: [${inputs.test}, lenses.test]}",
        "a: [${inputs.test},lenses.test]",
    ],
)
def test_inputs_may_stand_in_brackets(text):
    assert parse_document(text, "f").data == {"a": ["${inputs.test}", "lenses.test"]}


def test_inputs_in_brackets_leave_columns_lines_and_other_braces_alone():
    document = parse_document("a: {b: ${inputs.x}, c: {d: [${inputs.y}]}}\ne: {${f}: 1}\n# ${\ng: 1\n", "f")
    assert document.data == {"a": {"b": "${inputs.x}", "c": {"d": ["${inputs.y}"]}}, "e": {"${f}": 1}, "g": 1}
    assert document.place(("g",)) == "f:4"


def test_messages_show_inputs_as_they_were_written():
    (fault,) = faults("a: [${inputs.x} *nothing, &b]\n? ${inputs.x}\n: *${inputs.y}")
    assert "\ue000" not in fault


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputMissing, match="No such file"):
        read_document(tmp_path / "no.yaml")
    with pytest.raises(InputMissing, match="Is a directory"):
        read_document(tmp_path)
    binary = tmp_path / "picture.yaml"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputMissing, match="not UTF-8 text"):
        read_document(binary)


def test_the_file_stands_in_the_places(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n")
    assert read_document(file).place(("a",)) == f"{file}:1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500", 500),
        ("[0.5, 2.5]", [0.5, 2.5]),
        ("null", None),
        ("", None),
        ("a text", "a text"),
        ("{a: 1}", {"a": 1}),
        ("${inputs.x}", "${inputs.x}"),
        ("[${inputs.x}]", ["${inputs.x}"]),
    ],
)
def test_values_of_flags(text, value):
    assert parse_scalar(text) == value


def test_key_paths_are_written_with_dots():
    assert dotted(("stages", "a", "list", 0, "b")) == "stages.a.list[0].b"
    assert dotted(()) == "the file"
