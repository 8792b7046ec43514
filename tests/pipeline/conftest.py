"""A folder with the throw-away stages, files written into it, and runs of them in this process."""

import textwrap
from pathlib import Path

import pytest

from astrocnn.pipeline.config import load_config
from astrocnn.pipeline.plan import make_plan
from astrocnn.pipeline.run import Options, run_pipeline
from astrocnn.pipeline.store import Store

STAGES = Path(__file__).with_name("toy_stages.py")
PLUGIN = Path(__file__).with_name("throwaway_stages.py")
HEAD = "version: 1\nname: toy\nseed: 1\nplugins: [throwaway_stages.py]\n"


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self):
        self.warnings, self.states, self.counts, self.progress = [], {}, {}, []

    def warning(self, problem):
        self.warnings.append(problem)

    def started(self, plan):
        return lambda done, total, text: self.progress.append((plan.name, done, total, text))

    def finished(self, plan, state, seconds, counts):
        self.states[plan.name], self.counts[plan.name] = state, counts


class Workshop:
    """One folder with a pipeline file and its runs."""

    def __init__(self, folder, log):
        self.folder, self.log = folder, log
        self.runs = folder / "runs"
        self.file = folder / "toy.yaml"
        (folder / PLUGIN.name).write_bytes(PLUGIN.read_bytes())

    def write(self, stages, more="", head=HEAD):
        """Write the pipeline: its stages as YAML, and other keys of the root."""
        stages = textwrap.indent(textwrap.dedent(stages).strip("\n"), "  ")
        self.file.write_text(f"{head}{textwrap.dedent(more)}stages:\n{stages}\n")
        return self.file

    def config(self, *settings, profile=None):
        return load_config(self.file, profile, settings)

    def plan(self, *settings, profile=None, force=()):
        config = self.config(*settings, profile=profile)
        return make_plan(config, Store(self.runs / config.name), force)

    def states(self, *settings, **keywords):
        """Stage to its planned state and reason."""
        return {name: (stage.state, stage.reason) for name, stage in self.plan(*settings, **keywords).stages.items()}

    def run(self, *settings, profile=None, **options):
        """Run; returns the outcome, with what was heard as its attribute `ear`."""
        ear = Ear()
        outcome = run_pipeline(self.config(*settings, profile=profile), self.runs, Options(**options), ear)
        outcome.ear = ear
        return outcome

    def made(self):
        """What stages did since this was last asked, sorted: work of several processes has no order."""
        lines = sorted(self.log.read_text().splitlines()) if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def product(self, stage, name="toy"):
        """Where the current product of a stage stands."""
        return (self.runs / name / stage / "current").resolve()


@pytest.fixture
def workshop(tmp_path, monkeypatch, forget_plugins):
    monkeypatch.setenv("THROWAWAY_LOG", str(tmp_path / "log.txt"))
    folder = tmp_path / "workshop"
    folder.mkdir()
    return Workshop(folder, tmp_path / "log.txt")


@pytest.fixture
def tiles(workshop):
    """Three input files, and a pipeline that reads them one by one, and another stage that follows."""
    for name, value in {"a": 1.0, "b": 2.0, "c": 3.0}.items():
        (workshop.folder / f"tile_{name}.txt").write_text(str(value))
    workshop.write(
        """
        cut: {use: tiles, images: "${inputs.images}"}
        arcs: {use: follow, tiles: cut}
        """,
        'inputs: {images: "tile_*.txt"}\n',
    )
    return workshop


@pytest.fixture
def toy(tmp_path) -> Path:
    """A pipeline file of toy stages."""
    file = tmp_path / "toy.yaml"
    file.write_text(f"""
version: 1
name: toy
seed: 1
plugins: [{STAGES}]
inputs: {{extra: null}}
stages:
  numbers: {{use: toy-numbers, extra: "${{inputs.extra}}"}}
  total: {{use: toy-sum, numbers: numbers}}
""")
    return file
