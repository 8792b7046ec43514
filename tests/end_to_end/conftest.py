import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import runs


@pytest.fixture(scope="session")
def smoke_folder(tmp_path_factory):
    """A folder with a finished smoke run of the quickstart, and what the run printed."""
    folder = tmp_path_factory.mktemp("smoke")
    result = runs.astrocnn(folder, *runs.SMOKE)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder, result
