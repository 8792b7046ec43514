"""SIGKILL at random moments: what was done stays done, and the end is as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess

import pytest
import runs
from processes import command

KILLS = 20


def _run_until_killed(folder, seconds):
    """Start the smoke run in a process group of its own; kill the group after a while. True when it was killed."""
    process = subprocess.Popen(
        command(*runs.SMOKE), cwd=folder, env=runs.environment(folder / "cache"), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_random_moments_then_run_again(smoke_folder, tmp_path):
    moments = random.Random(20)
    kills, folders = 0, 0
    while kills < KILLS:
        folders += 1
        folder = tmp_path / f"run{folders}"
        folder.mkdir()
        finished = False
        while not finished and kills < KILLS:
            before = runs.done_marks(folder / runs.FOLDER)
            finished = not _run_until_killed(folder, moments.uniform(2.0, 40.0))
            kills += not finished
            after = runs.done_marks(folder / runs.FOLDER)
            assert {name: after.get(name) for name in before} == before
        before = runs.done_marks(folder / runs.FOLDER)
        result = runs.astrocnn(folder, *runs.SMOKE)
        assert result.returncode == 0, result.stderr
        assert {name: runs.done_marks(folder / runs.FOLDER)[name] for name in before} == before
        runs.assert_same_catalog(smoke_folder[0] / runs.FOLDER, folder / runs.FOLDER)
