"""Toy pipelines for the command line."""

from pathlib import Path

import pytest

TOY_STAGES = Path(__file__).parents[1] / "pipeline" / "toy_stages.py"
TOY = f"""version: 1
name: toy
seed: 1
plugins: [{TOY_STAGES}]
stages:
  numbers: {{use: toy-numbers}}
  total: {{use: toy-sum, numbers: numbers}}
"""


@pytest.fixture
def toy(tmp_path):
    """A pipeline file of toy stages in the working folder of `call`."""
    file = tmp_path / "toy.yaml"
    file.write_text(TOY)
    return file


@pytest.fixture
def run_toy(call, toy):
    """Run the toy pipeline in this process: run_toy("stages.numbers.value=2")."""

    def run(*settings):
        return call("run", "toy.yaml", "--workers", "1", *(word for one in settings for word in ("--set", one)))

    return run
