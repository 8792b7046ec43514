"""Writes constraints.txt: the versions installed here of every package that astrocnn needs, directly or not.

Run by `make pins` after the tests have passed with these versions. By name and version only; left out are packages of
extras that are not installed, and those that install others, which belong to each Python.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
INSTALLERS = {"pip", "setuptools", "wheel"}
HEADER = """\
# Tested versions, written by `make pins`:
#     pip install -c constraints.txt .
"""


def declared() -> list[Requirement]:
    """Return the requirements of pyproject.toml, those of all extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    return [Requirement(text) for text in [*project["dependencies"], *extras]]


def installed_closure(requirements: list[Requirement]) -> dict[str, str]:
    """Return names and installed versions of the requirements and of everything that they require."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = list(requirements)
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        versions[key[0]] = found.version
        inner = [Requirement(text) for text in found.requires or ()]
        todo += [one for one in inner if _holds(one, requirement.extras)]
    return versions


def _holds(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def main() -> None:
    """Write the file."""
    versions = installed_closure(declared())
    lines = [f"{name}=={versions[name]}\n" for name in sorted(versions.keys() - INSTALLERS)]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    main()
