"""A package of its own adds a network with a layer: it is listed, checked, trained, shown, scored with, and missed."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from processes import CHECKOUT
from small_sky import Project

PACKAGE = Path(__file__).with_name("outside_package")
builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package's wheel unpacked, as an installation lays it out."""
    source, target = (tmp_path_factory.mktemp("lens_zoo") / name for name in ("source", "target"))
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    wheel = next(builders.WheelBuilder(str(source)).build(directory=str(source / "dist"), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def python(*arguments, cwd, target=None):
    """Python beside this checkout and, where one is given, an installed package."""
    paths = [str(CHECKOUT), *([str(target)] if target else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "XDG_CACHE_HOME": str(cwd / "cache")}
    line = [sys.executable, *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, env=environment, capture_output=True, text=True, timeout=540, check=False)


def astrocnn(*arguments, cwd, target=None):
    return python("-m", "astrocnn", *arguments, cwd=cwd, target=target)


def test_its_network_is_listed_without_keras(installed, tmp_path):
    code = (
        "import sys; from astrocnn.cli.main import run_command; run_command(['list', 'networks']);"
        " run_command(['list', 'networks', 'soft-clip']); loaded = {'keras', 'tensorflow', 'lens_zoo.layers'};"
        " sys.exit(str(loaded & set(sys.modules)) if loaded & set(sys.modules) else 0)"
    )
    done = python("-c", code, cwd=tmp_path, target=installed)
    assert done.returncode == 0, done.stderr
    assert "soft-clip" in done.stdout
    assert "Learned clipping, two convolutions and one dense layer." in done.stdout
    assert "filters of the convolutions" in done.stdout
    assert "deeplens" in done.stdout


def test_a_package_that_cannot_be_loaded_is_told_and_the_others_are_listed(installed, tmp_path):
    shutil.copytree(installed, tmp_path / "broken")
    (tmp_path / "broken" / "lens_zoo" / "soft_clip.py").write_text("import nowhere\n")
    done = astrocnn("list", "networks", cwd=tmp_path, target=tmp_path / "broken")
    assert done.returncode == 0, done.stderr
    assert "package lens-zoo: soft-clip cannot be loaded: ModuleNotFoundError" in done.stdout
    assert "pip install --upgrade lens-zoo, or pip uninstall lens-zoo" in done.stdout
    assert "deeplens" in done.stdout


@pytest.fixture(scope="module")
def trained(installed, tmp_path_factory):
    """A run of the small sky whose finder is of the package; its project and what the command ended with."""
    project = Project(tmp_path_factory.mktemp("sky"))
    project.data["plugins"] = []
    project.add_tile("north", 1)
    project.use("galaxies", "lenses", "finder", "scores")
    project.stages["finder"].update(network="soft-clip", receptive_field="warn")
    project.write()
    return project, astrocnn("run", "small.yaml", cwd=project.root, target=installed)


def card_of(project):
    return project.runs / "small" / "finder" / "current"


@pytest.mark.slow
def test_it_is_checked_trained_and_scored_with(installed, trained):
    project, run = trained
    assert run.returncode == 0, run.stderr
    checked = astrocnn("check", "small.yaml", cwd=project.root, target=installed)
    assert "receptive field of soft-clip: warning" in checked.stdout
    assert "sees      1.8 arcsec" in checked.stdout  # 9 px
    shown = astrocnn("show", "small/finder", cwd=project.root, target=installed).stdout
    assert "by soft-clip" in shown
    (plugin,) = json.loads(astrocnn("show", "small/finder", "--json", cwd=project.root).stdout)["card"]["plugins"]
    assert (plugin["kind"], plugin["name"], plugin["version"]) == ("package", "lens-zoo", "0.3.0")
    assert f"lens-zoo 0.3.0 (sha256 {plugin['sha256']})" in shown
    recorded = json.loads((card_of(project) / "provenance.json").read_text())
    assert recorded["plugins"] == [plugin]
    assert recorded["identity"]["plugins"] == [plugin["sha256"]]
    other = json.loads((project.runs / "small" / "lenses" / "current" / "provenance.json").read_text())
    assert "plugins" not in other
    scored = score(project, "new", installed)
    assert scored.returncode == 0, scored.stderr
    assert (project.root / "new" / "scores.parquet").is_file()
    field = astrocnn("field", card_of(project) / "network.keras", cwd=project.root, target=installed)
    assert "9 px at part2_conv" in field.stdout, field.stderr
    written = astrocnn("export", "small/finder", "finder.onnx", cwd=project.root, target=installed)
    assert "finder.onnx: ONNX" in written.stdout or "pip install 'astrocnn[onnx]'" in written.stderr


def score(project, out, target=None):
    images = ("--images", "tiles/{tile}_{band}.fits", "--instrument", "camera.yaml")
    return astrocnn("score", "small/finder", *images, "--out", out, cwd=project.root, target=target)


@pytest.mark.slow
def test_without_the_package_its_model_is_refused(trained):
    project, _ = trained
    done = score(project, "without")
    assert done.returncode == 1
    digest = json.loads((card_of(project) / "provenance.json").read_text())["plugins"][0]["sha256"]
    assert f"needs a plugin that is not there; expected lens-zoo 0.3.0 (sha256 {digest})" in done.stderr
    assert "to fix, install it: pip install lens-zoo==0.3.0" in done.stderr
    assert not (project.root / "without" / "objects").exists(), "before the images are read"


@pytest.mark.slow
def test_another_version_of_the_package_warns_and_trains_anew(installed, trained, tmp_path):
    project, _ = trained
    shutil.copytree(installed, tmp_path / "newer")
    with (tmp_path / "newer" / "lens_zoo" / "layers.py").open("a") as stream:
        stream.write("# changed\n")
    code = f"import astrocnn; astrocnn.load_model({str(card_of(project))!r})"
    done = python("-c", code, cwd=project.root, target=tmp_path / "newer")
    assert done.returncode == 0, done.stderr
    assert "was made with lens-zoo 0.3.0 (sha256" in done.stderr
    planned = astrocnn("plan", "small.yaml", cwd=project.root, target=tmp_path / "newer").stdout
    assert "plugins" in next(line for line in planned.splitlines() if "finder " in line)
    unchanged = astrocnn("plan", "small.yaml", cwd=project.root, target=installed).stdout
    assert "plugins" not in unchanged
