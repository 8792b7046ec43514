"""The smoke profile of variable-stars, from two folders of made stars to metrics of networks and forest."""

import numpy as np
import pytest
from curve_files import write_long_folder

import astrocnn
from astrocnn.training.scores import read_scores

SHAPES = {
    "binary": lambda phase: 0.6 * np.exp(-(((phase - 0.5) / 0.06) ** 2)),
    "cepheid": lambda phase: 0.8 * phase,
    "mira": lambda phase: np.cos(2 * np.pi * phase),
}
PERIOD_DAY = {"binary": 1.7, "cepheid": 5.3, "mira": 41.0}


def write_stars(folder, number, first=0, bands=("g", "r")):
    """Stars of three classes, a third each, of 40 points in two bands."""
    rng = np.random.default_rng(first)
    classes = {f"star{first + one}": list(SHAPES)[one % 3] for one in range(number)}
    rows = []
    for name, kind in classes.items():
        period, error = PERIOD_DAY[kind] * rng.uniform(0.9, 1.1), rng.uniform(0.04, 0.06)
        for band in bands:
            for time in np.sort(rng.uniform(0, 120, 40)):
                value = 16 + SHAPES[kind](time / period % 1) + 0.05 * rng.normal()
                rows.append((name, band, float(time), float(value), error))
    return write_long_folder(folder, classes, rows)


@pytest.mark.slow
def test_networks_and_forest_side_by_side_on_folds_and_a_test_set(tmp_path):
    pytest.importorskip("light_curve", reason="the extra curves is not installed")
    pytest.importorskip("sklearn", reason="the extra forest is not installed")
    train, test = write_stars(tmp_path / "train", 96), write_stars(tmp_path / "test", 24, first=1000)
    run = astrocnn.run(
        "variable-stars", profile="smoke", settings=[f"inputs.train={train}", f"inputs.test={test}"],
        runs=tmp_path / "runs",
    )  # fmt: skip
    for name in ("picture", "pairs", "curve", "spectrum", "forest"):
        assert run[f"{name}_skill"].metrics["accuracy_n"] == 96, name
    assert run["forest_skill"].metrics["accuracy"] > 0.9
    assert run["test_forest_skill"].metrics["accuracy"] > 0.9
    assert run["test_skill"].metrics["accuracy_n"] == 24
    table = read_scores(run["everything"].folder / "scores.parquet")
    together = sum(table[f"mean_{name}"] for name in SHAPES)
    np.testing.assert_allclose(together, 1, atol=1e-5)


QUICK = [
    *(f"stages.by_{name}.{key}" for name in ("picture", "pairs", "curve", "spectrum")
      for key in ("epochs=1", "ensemble=1", "folds=2")),
    *(f"stages.{name}.folds=2" for name in ("forest", "forest_more", "test_forest", "test_forest_more")),
]  # fmt: skip


def write_transients(folder, number, first=0):
    """A quarter each of two kinds of outbursts, of two kinds without, one not named; an eighth of two points."""
    rng = np.random.default_rng(first)
    classes = {f"t{first + one}": ("SN", "Blazar", "HPM", "CV")[one % 4] for one in range(number)}
    rows = []
    for place, (name, kind) in enumerate(classes.items()):
        times = np.sort(rng.uniform(0, 900, 2 if place % 8 == 0 else 30))
        height = {"SN": 2.0, "CV": 4.0, "Blazar": 0.0, "HPM": 0.0}[kind]
        values = 19 - height * np.exp(-(((times - 400) / 60) ** 2)) + rng.normal(0, 0.2, len(times))
        error = rng.uniform(0.1, 0.2)
        rows += [(name, "V", float(time), float(value), error) for time, value in zip(times, values, strict=True)]
    return write_long_folder(folder, classes, rows)


@pytest.mark.slow
def test_transients_of_two_points_and_of_other_classes_go_on(tmp_path):
    """The profile asks for no period and few points; what has none of its classes is scored, and not trained on."""
    pytest.importorskip("light_curve", reason="the extra curves is not installed")
    pytest.importorskip("sklearn", reason="the extra forest is not installed")
    train, test = write_transients(tmp_path / "train", 64), write_transients(tmp_path / "test", 16, first=1000)
    run = astrocnn.run(
        "variable-stars", profile="transients", settings=[f"inputs.train={train}", f"inputs.test={test}", *QUICK],
        runs=tmp_path / "runs",
    )  # fmt: skip
    assert run["by_picture"].ledger == {"read": {"train": 48}, "excluded": {"no label": 16}}
    for name in ("picture", "pairs", "curve", "spectrum", "forest", "everything"):
        metrics = run["everything_skill" if name == "everything" else f"{name}_skill"].metrics
        assert metrics["accuracy_n"] == 48, name
    assert len(read_scores(run["everything"].folder / "scores.parquet")["id"]) == 64
    assert run["test_skill"].metrics["accuracy_n"] == 12
    assert run["test_forest_skill"].metrics["accuracy_n"] == 12


@pytest.mark.slow
def test_networks_that_know_simulated_stars_beside_the_same_from_scratch(tmp_path):
    train = write_stars(tmp_path / "train", 96, bands=("B_E", "R_E"))
    run = astrocnn.run(
        "variable-stars-pretrained", profile="smoke", settings=[f"inputs.train={train}"], runs=tmp_path / "runs"
    )
    simulated, real = run["simulated"].curves, run["curves"].curves
    assert simulated.meta.bands == real.meta.bands
    assert run["drawn"].samples.meta.classes == run["simulated_drawn"].samples.meta.classes
    known = np.concatenate([curve.time for curve in real.each()])
    assert all(np.isin(curve.time, known).all() for curve in simulated.each())
    for name in ("picture", "curve", "scratch_picture", "scratch_curve", "first_picture"):
        assert run[f"{name}_skill"].metrics["accuracy_n"] == 96, name
    assert run["skill"].metrics["accuracy_n"] == 96
