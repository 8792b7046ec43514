"""Toy pipelines and a way to call the command line in this process."""

from pathlib import Path
from typing import NamedTuple

import pytest

from astrocnn.cli.main import run_command

TOY_STAGES = Path(__file__).parents[1] / "pipeline" / "toy_stages.py"
TOY = f"""version: 1
name: toy
seed: 1
plugins: [{TOY_STAGES}]
stages:
  numbers: {{use: toy-numbers}}
  total: {{use: toy-sum, numbers: numbers}}
"""


class Result(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Call `astrocnn` in this process and in a folder of its own: call("status", "toy") gives code, out, err."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        code = run_command([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


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
