"""The smoke profile of the transit finder: on what it simulates, and on a folder of folded stars."""

from __future__ import annotations

from pathlib import Path

import pytest
import runs
from folded_stars import write_folded_stars

import astrocnn

RUN = Path("runs") / "exoplanet-transits@smoke"
SMOKE = ("run", "exoplanet-transits", "--profile", "smoke")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both runs in one folder, and what they printed: the second takes over what the first simulated and trained."""
    folder = tmp_path_factory.mktemp("transits")
    write_folded_stars(folder / "stars")
    alone = runs.astrocnn(folder, *SMOKE)
    metrics = astrocnn.open_run(folder / RUN)["skill"].metrics
    beside = runs.astrocnn(folder, *SMOKE, "--set", "inputs.test=stars")
    return folder, alone, metrics, beside


def test_without_stars_the_finder_is_measured_on_what_is_simulated(folder):
    _, alone, metrics, _ = folder
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert any(line.split()[:2] == ["windows", "skipped"] for line in alone.stdout.splitlines())
    assert 0.6 < metrics["auroc"] < 1.0


def test_with_stars_it_is_trained_on_by_folds_and_measured_on_their_windows(folder):
    place, _, _, beside = folder
    assert beside.returncode == 0, beside.stdout + beside.stderr
    assert any(line.split()[:4] == ["trained", "up", "to", "date"] for line in beside.stdout.splitlines())
    run = astrocnn.open_run(place / RUN)
    windows = run["windows"].samples
    assert windows.ids.tolist() == ["star0-0", "star0-1", "star1-0", "star1-1"]
    for stage in ("skill", "matched_filter_skill", "matched_filter_told_skill"):
        assert run[stage].metrics["auroc_n"] == 4
    assert (place / RUN / "finder" / "current" / "network-2.keras").is_file()
