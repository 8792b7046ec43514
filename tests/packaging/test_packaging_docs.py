"""The documentation says what is so: links, commands, the reference, and pages that are followed as written."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from astrocnn.cli.main import COMMANDS, cli
from astrocnn.pipeline.config import load_config

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
NAMED_FILE = re.compile(r"`([\w.-]+\.(?:py|yaml))`[^\n]*:\n\n```\w+\n(.*?)```", re.DOTALL)
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    return [text for kind, text in FENCED.findall((ROOT / page).read_text()) if kind == language]


def told_commands(text):
    """Command lines that a page tells to type: in indented lines, and in backticks."""
    joined = text.replace("\\\n", " ")
    return re.findall(r"^    (astrocnn .+)$", joined, re.MULTILINE) + re.findall(r"`(astrocnn [^`]+)`", joined)


def write_named_files(page, folder):
    found = NAMED_FILE.findall((ROOT / page).read_text())
    for name, text in found:
        (folder / name).write_text(text)
    return [name for name, _ in found]


def astrocnn(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cwd / "cache")}
    command = [sys.executable, "-m", "astrocnn", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=540, check=False)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_flags_exist(page):
    for line in told_commands(page.read_text()):
        words = shlex.split(line, comments=True)[1:]
        if words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, line
        command = cli.get_command(click.Context(cli), words[0])
        flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help", "-h"}
        told = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        assert told <= flags, line


def test_every_command_stands_in_the_readme():
    text = (ROOT / "README.md").read_text()
    table = text.partition("## Commands")[2].partition("## From Python")[0]
    assert [name for name in COMMANDS if not re.search(rf"`(?:astrocnn )?{name}\b", table)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_on_the_pages_can_be_read(page):
    for text in blocks(page, "python"):
        ast.parse(text)


@pytest.mark.parametrize("name", ["stages.md", "networks.md", "commands.md"])
def test_the_reference_is_that_of_the_code(name):
    written = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = f"import runpy; print(runpy.run_path('docs/make_reference.py')['PAGES']['{name}'](), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=written, capture_output=True, text=True, check=True, timeout=60
    )
    current = done.stdout == (ROOT / "docs" / name).read_text()
    assert current, f"docs/{name} is out of date; to fix, python docs/make_reference.py"


def test_the_picture_of_the_readme_is_small():
    assert (ROOT / "docs" / "images" / "report.png").stat().st_size < 500_000


def test_the_file_in_the_readme_is_right(tmp_path):
    (text,) = blocks("README.md", "yaml")
    file = tmp_path / "readme.yaml"
    file.write_text(text)
    config = load_config(file)
    assert [entry.stage.use for entry in config.stages.values()] == [
        "cutouts", "simulate-lenses", "train", "evaluate", "score", "catalog", "report",
    ]  # fmt: skip


def test_the_page_on_stages_can_be_followed(tmp_path):
    assert write_named_files("docs/add-a-stage.md", tmp_path) == ["asymmetry.py", "odd.yaml"]
    assert astrocnn("check", "odd.yaml", cwd=tmp_path).returncode == 0
    mistaken = astrocnn("check", "odd.yaml", "--set", "stages.oddness.radius=4", cwd=tmp_path)
    assert mistaken.returncode == 2
    assert "did you mean radius_arcsec?" in mistaken.stderr
    outside = astrocnn("check", "odd.yaml", "--set", "stages.oddness.radius_arcsec=4", cwd=tmp_path)
    assert outside.returncode == 2
    assert "the circle leaves the stamps" in outside.stderr


@pytest.mark.slow
def test_the_stage_of_its_page_ranks_galaxies(tmp_path):
    write_named_files("docs/add-a-stage.md", tmp_path)
    first = astrocnn("run", "odd.yaml", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "runs/odd-galaxies/candidates/current/candidates.vot").is_file()
    assert "made" not in astrocnn("run", "odd.yaml", cwd=tmp_path).stdout


@pytest.mark.slow
def test_the_page_on_networks_can_be_followed(tmp_path):
    assert write_named_files("docs/add-a-network.md", tmp_path) == ["threelayers.py"]
    lines = [shlex.split(line)[1:] for line in told_commands((ROOT / "docs/add-a-network.md").read_text())]
    check, run = [words for words in lines if "three-layers" in " ".join(words)]
    refused = astrocnn(*check, cwd=tmp_path)
    assert refused.returncode == 2
    assert "15 px = 2.07 arcsec: it stops growing at conv3" in refused.stderr
    assert astrocnn("check", *run[1:], cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_the_page_on_instruments_can_be_followed(tmp_path):
    names = write_named_files("docs/add-an-instrument.md", tmp_path)
    assert names == ["my-camera.yaml", "survey.yaml", "make_tile.py"]
    subprocess.run([sys.executable, "make_tile.py"], cwd=tmp_path, check=True, timeout=60)
    done = astrocnn("run", "survey.yaml", "--to", "lenses", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/my-survey/lenses/current/00000.h5").is_file()


@pytest.mark.slow
def test_python_on_the_pages_runs_beside_a_run(tmp_path):
    made = astrocnn("run", "quickstart", "--profile", "smoke", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    for page in ("README.md", "docs/store.md", "docs/samples.md", "docs/receptive-field.md"):
        for number, text in enumerate(blocks(page, "python")):
            script = tmp_path / f"{Path(page).stem}{number}.py"
            script.write_text(text.replace('"runs/quickstart"', '"runs/quickstart@smoke"'))
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, script.name]
            subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
