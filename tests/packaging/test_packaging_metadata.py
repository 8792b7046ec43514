"""What the package says of itself: versions, dependencies, pins, and files that name no machine."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

import astrocnn
from astrocnn.parquet import SCORES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==([0-9][0-9A-Za-z.]*)")
# imported only where they are used
ONLY_WHERE_PRESENT = {
    "batman", "jax", "light_curve", "lightkurve", "nifty_ls", "onnx", "onnxruntime", "openvino", "sklearn", "tf2onnx",
}  # fmt: skip
ONLY_FOR_TYPES = {"_typeshed"}  # comes with the type checker


def requirements(*extras):
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(one.name): one for one in map(Requirement, texts)}


def pins():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return [PIN.fullmatch(line) for line in lines]


def tracked_texts():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in listing.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".fits", ".h5", ".keras", ".parquet"}:
            yield name, path.read_text(encoding="utf-8")


def imported(folder):
    """Top-level names of everything imported anywhere in the files of a folder, with one file each."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            found |= {name.split(".")[0]: str(path.relative_to(ROOT)) for name in names}
    return found


def test_one_version_stands_everywhere():
    citation = YAML(typ="safe", pure=True).load(ROOT / "CITATION.cff")
    assert PROJECT["version"] == astrocnn.__version__ == str(citation["version"])
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in ("Unreleased", PROJECT["version"])


def test_licence_and_citation_agree():
    citation = YAML(typ="safe", pure=True).load(ROOT / "CITATION.cff")
    assert PROJECT["license"] == citation["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License")
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"]


def test_pins_are_names_with_versions_in_order_and_nothing_else():
    found = pins()
    assert all(found)
    names = [pin[1] for pin in found]
    assert names == sorted(set(names))
    assert not {"astrocnn", "pip", "setuptools", "wheel"} & set(names)


def test_every_declared_package_is_pinned_to_a_version_it_allows():
    pinned = {pin[1]: Version(pin[2]) for pin in pins()}
    declared = requirements(*PROJECT["optional-dependencies"])
    assert set(declared) <= set(pinned)
    for name in declared:
        assert pinned[name] in declared[name].specifier, name


@pytest.mark.parametrize(
    ("folder", "extras"), [("astrocnn", ()), ("tests", ("dev",)), ("benchmarks", ("dev",)), ("docs", ("dev",))]
)
def test_whatever_is_imported_is_declared(folder, extras):
    declared, distributions = set(requirements(*extras)), packages_distributions()
    own = {"astrocnn"} | {path.stem for path in (ROOT / folder).rglob("*.py")}
    own |= {path.parent.name for path in (ROOT / folder).rglob("__init__.py")}
    for name, file in imported(folder).items():
        if name in sys.stdlib_module_names or name in own | ONLY_WHERE_PRESENT | ONLY_FOR_TYPES:
            continue
        providers = {canonicalize_name(provider) for provider in distributions.get(name, ())}
        assert providers & declared, f"{file} imports {name}, of {providers or 'no installed package'}"


def test_the_command_is_the_one_declared():
    module, _, function = PROJECT["scripts"]["astrocnn"].partition(":")
    assert module == "astrocnn.cli.main"
    assert callable(getattr(sys.modules.get(module) or __import__(module, fromlist=[function]), function))


def test_no_tracked_file_names_a_place_of_one_machine():
    place = re.compile(r"(?<![\w.])/(?:home|root|work|Users|tmp)/[\w.]")
    found = {name: match[0] for name, text in tracked_texts() if (match := place.search(text))}
    assert found == {}


def test_the_table_of_scores_has_one_name():
    spelt = [path for path in (ROOT / "astrocnn").rglob("*.py") if f'"{SCORES}"' in path.read_text(encoding="utf-8")]
    assert [path.name for path in spelt] == ["parquet.py"]


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", ".ci/make_venv", "constraints.txt", "pyproject.toml"])
def test_packages_are_installed_from_where_the_machine_is_set_up_to(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"--(?:extra-)?index-url|--find-links|--trusted-host", text)
