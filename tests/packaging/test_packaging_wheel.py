"""What travels in the wheel and the sdist, and that the wheel works alone in an empty folder."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(builders.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel unpacked, as an installation lays it out."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def astrocnn(installed, *arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "astrocnn", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=540, check=False)


@pytest.mark.parametrize("folder", ["pipelines", "configs"])
def test_ready_pipelines_and_configurations_travel_in_the_wheel(names, folder):
    files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.yaml")}
    assert files
    assert {f"astrocnn/packaged/{path.as_posix()}" for path in files} <= names


def test_every_file_of_the_package_travels_in_the_wheel(names):
    package = ROOT / "astrocnn"
    files = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert "astrocnn/py.typed" in files
    assert files <= names


def test_nothing_else_travels_in_the_wheel(names):
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"astrocnn"}
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_the_sdist_holds_what_building_and_testing_need(tmp_path):
    sdist = pytest.importorskip("hatchling.builders.sdist")
    path = next(sdist.SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md", "constraints.txt", "Makefile"}
    assert wanted <= held
    assert {name.split("/")[0] for name in held} - wanted <= {
        "astrocnn", "benchmarks", "configs", "docs", "pipelines", "tests", "PKG-INFO", ".gitignore", ".ci",
    }  # fmt: skip
    assert "pipelines/quickstart.yaml" in held
    assert f"tests/packaging/{Path(__file__).name}" in held


def test_the_wheel_checks_its_own_pipeline_in_an_empty_folder(installed, tmp_path):
    done = astrocnn(installed, "check", "quickstart", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(installed / "astrocnn" / "packaged" / "pipelines" / "quickstart.yaml") in done.stdout


@pytest.mark.slow
def test_the_wheel_runs_the_quickstart_in_an_empty_folder(installed, tmp_path):
    done = astrocnn(installed, "run", "quickstart", "--profile", "smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "quickstart@smoke" / "summary" / "current" / "index.html").is_file()
