"""Pipeline files that were mangled: a clear error or a valid plan, never a traceback; nothing run, nothing written."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_sky import STAGES, Project

from astrocnn.errors import InputMissing, PipelineFileError
from astrocnn.pipeline.config import load_config
from astrocnn.pipeline.plan import make_plan
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.store import Store
from astrocnn.resources import pipelines_folder

TRAP = "trap-was-sprung"
HOSTILE = [
    f"!!python/object/apply:os.system ['touch {TRAP}']", "!!python/name:os.system", "!include /etc/passwd",
    f"$(touch {TRAP})", f"`touch {TRAP}`", "${inputs.nothing}", "${stages.galaxies}", "{{ 7 * 7 }}",
    "../../../etc/passwd", "/dev/zero", "\0", "\ud7ff", "1e999", "-.inf", ".nan", "0x7fffffffffffffffffff", "null", "~",
    "yes", "[]", "{}", "[[[[[[]]]]]]", "&a [*a]", "*nothing", "<<: *x", "? [a, b]\n: c", "- -", "---\n...", "%YAML 9.9",
    "12:34:56", "2026-02-30", "9" * 400, "é" * 50, "galaxies.train+train+tset", "galaxies.", ".galaxies", "''", '"',
]  # fmt: skip
ALPHABET = st.characters(codec="utf-8")
KEYS = sorted({key for stage in STAGES.values() for key in stage} | {"version", "name", "seed", "inputs", "profiles"})


@st.composite
def mangled(draw, texts):
    """A pipeline file after a few changes: of characters, lines, values, keys, indentation."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        number = draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        how = draw(st.sampled_from(["drop", "double", "swap", "value", "key", "indent", "character", "cut", "insert"]))
        if how == "drop":
            del lines[number]
        elif how == "double":
            lines.insert(number, line)
        elif how == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[number], lines[other] = lines[other], line
        elif how == "value":
            value = draw(st.sampled_from(HOSTILE) | st.text(ALPHABET, max_size=9))
            lines[number] = f"{line.partition(':')[0]}: {value}"
        elif how == "key":
            lines[number] = re.sub(r"[\w-]+(?=:)", draw(st.sampled_from(KEYS)), line, count=1)
        elif how == "indent":
            lines[number] = " " * draw(st.integers(0, 8)) + line.lstrip()
        elif how == "character":
            place = draw(st.integers(0, len(line)))
            lines[number] = line[:place] + draw(ALPHABET) + line[place + 1 :]
        elif how == "cut":
            lines = lines[:number]
        else:
            lines.insert(number, draw(st.sampled_from(HOSTILE)))
        text = "\n".join(lines)
    return text


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A folder with tiles, and the texts that are mangled: the small sky's file and the ready pipelines."""
    project = Project(tmp_path_factory.mktemp("ground"))
    project.add_tile("north", 1)
    small = project.use(*STAGES).write().read_text()
    texts = [small, *(file.read_text() for file in sorted(pipelines_folder().glob("*.yaml")))]
    file = project.root / "mangled.yaml"
    file.write_text("")
    return project.root, file, texts


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts)


def assert_clear(error):
    assert error.exit_code == 2
    text = str(error)
    assert text.strip()
    assert "Traceback" not in text
    for problem in getattr(error, "problems", ()):
        assert problem.place, text
        assert problem.key, text
        assert problem.text, text
        assert "\n" not in problem.text, text


def fuzz(ground, monkeypatch, number):
    root, file, texts = ground
    monkeypatch.chdir(root)
    before = listing(root)
    outcomes = {"plan": 0, "error": 0}

    @settings(
        max_examples=number, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    @given(mangled(texts))
    def check(text):
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            plan = make_plan(load_config(file), Store(root / "runs" / "mangled"))
        except (PipelineFileErrors, PipelineFileError, InputMissing) as error:
            assert_clear(error)
            outcomes["error"] += 1
        else:
            if plan.problems:
                assert_clear(PipelineFileErrors(plan.problems))
            outcomes["plan"] += 1
        assert listing(root) == before
        assert not Path(TRAP).exists()

    check()
    assert min(outcomes.values()) > number / 20, f"the changes are too wild or too tame to tell anything: {outcomes}"


def test_mangled_files(ground, monkeypatch):
    fuzz(ground, monkeypatch, 200)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_mangled_files(ground, monkeypatch):
    fuzz(ground, monkeypatch, 2000)
