"""A calm sky that was run once, copied for each test to be spoilt, with proof that what stood there is untouched."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from small_sky import Project


class Weather:
    """A project with an earlier run, and the command line on it."""

    def __init__(self, project, call):
        self.project, self.root, self.call = project, project.root, call
        self.tiles = project.root / "tiles"
        self.products = project.runs / "small"
        self._before = self._files()

    def run(self, *arguments):
        """`astrocnn run` on the file as it stands."""
        self.project.write()
        return self.call("run", "small.yaml", "--workers", "1", *arguments)

    def reasons(self):
        """What `astrocnn status` tells of objects that are not there: the lines, each with number and reason."""
        lines = self.call("status", "small").out.splitlines()
        return [line.strip() for line in lines if "rejected:" in line]

    def samples(self):
        """The galaxies of the last run."""
        from astrocnn.samples.sample_set import SampleSet

        return SampleSet.open(self.products / "galaxies" / "current")

    def assert_nothing_is_lost(self, but=()):
        """Every file of every product and part of the earlier run stands as it stood, but those of some names."""
        before = {name: digest for name, digest in self._before.items() if Path(name).name not in but}
        now = self._files()
        assert {name: now.get(name) for name in before} == before

    def assert_nothing_is_new(self):
        """Nor has anything come."""
        assert self._files() == self._before

    def _files(self):
        return {
            str(path.relative_to(self.products)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.products.glob("*/**/*")
            if path.is_file() and "logs" not in path.parts and "current" not in path.parts
        }


@pytest.fixture(scope="session")
def _calm(tmp_path_factory):
    """Two tiles, cut out."""
    project = Project(tmp_path_factory.mktemp("calm"))
    for seed, name in enumerate(("north", "south"), 1):
        project.add_tile(name, seed)
    project.use("galaxies").run()
    return project


@pytest.fixture
def weather(_calm, tmp_path, call):
    subprocess.run(["cp", "-a", f"{_calm.root}/.", tmp_path], check=True)  # products share files with parts
    return Weather(Project(Path(tmp_path)).use("galaxies"), call)
