"""Prints the oldest versions that pyproject.toml allows, as constraints for pip; for `make test-oldest`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def main() -> None:
    """Print one line for each package that astrocnn needs."""
    for text in PROJECT["dependencies"]:
        requirement = Requirement(text)
        oldest = [one.version for one in requirement.specifier if one.operator == ">="]
        sys.stdout.write(f"{requirement.name}=={oldest[0]}\n")


if __name__ == "__main__":
    main()
