"""What any test may use: the command line in this process, a small sky, and a registry that forgets plugins."""

import os
import sys
from typing import NamedTuple

import hypothesis
import pytest
from small_sky import Project, whole_project

from astrocnn import backend
from astrocnn.cli.main import run_command
from astrocnn.pipeline import registry

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as `backend.prepare` has it: files of tests import Keras before that
hypothesis.settings.register_profile(
    "beside others", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("beside others")


class Result(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


def pytest_collection_finish():
    """Files of tests that import Keras have done so by now: its threads are set before any test uses it."""
    if "keras" in sys.modules:
        backend.prepare()


@pytest.fixture(autouse=True)
def _keras_by_way_of_the_backend():
    """Tests run in any order: none may use Keras in a way that keeps a later one from setting its threads."""
    yield
    assert "keras" not in sys.modules or backend._prepared, "Keras was used before `astrocnn.backend.prepare`"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Receptive-field tables that the tests measure do not go to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def project(tmp_path):
    """An empty project."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory):
    """All stages, once, on two tiles: project and run. Look, do not touch."""
    project = whole_project(tmp_path_factory.mktemp("whole"))
    return project, project.run()


@pytest.fixture
def forget_plugins():
    """Undo every registration of the test, and let its plugin files be loaded anew."""
    stages, modules = dict(registry._registered), set(sys.modules)
    yield
    registry._registered.clear()
    registry._registered.update(stages)
    for name in set(sys.modules) - modules:
        if name.startswith("astrocnn_plugin_"):
            del sys.modules[name]


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Call `astrocnn` in this process and in a folder of its own: call("status", "toy") gives code, out, err."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        code = run_command([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run
