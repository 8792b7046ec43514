"""The `simulate-lenses` stage: rows come from a galaxy of their split, and both classes go through the same code."""

import numpy as np
import pytest

from astrocnn.instruments import load_instrument
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.samples.splits import check_leaks, check_unique_ids
from astrocnn.simulate.injection import Injection, RowsPerGalaxy, inject
from astrocnn.simulate.lens_population import LensPopulation
from astrocnn.stages.simulate_lenses import STAGE


@pytest.fixture
def sky(project):
    """Two tiles; galaxies and lenses."""
    project.add_tile("north", 1)
    project.add_tile("south", 2, galaxies=9)
    return project.use("galaxies", "lenses")


def galaxy_of(samples):
    return np.array([identifier.rsplit("-", 1)[0] for identifier in samples.ids])


def test_rows_inherit_group_split_and_place_of_their_galaxy(whole_run):
    _, run = whole_run
    galaxies, lenses = run["galaxies"].samples, run["lenses"].samples
    place = {identifier: row for row, identifier in enumerate(galaxies.ids)}
    rows = np.array([place[identifier] for identifier in galaxy_of(lenses)])
    for name in ("group", "split", "ra", "dec", "coverage"):
        np.testing.assert_array_equal(lenses.column(name), galaxies.column(name)[rows])
    check_leaks(lenses.column("group"), lenses.column("split"))
    check_unique_ids(lenses.ids)
    assert len(lenses) == 4 * len(galaxies)  # two lenses and two others of each
    assert run["lenses"].ledger == {"simulated": {"lens": 2 * len(galaxies), "nonlens": 2 * len(galaxies)}}


def test_the_extent_for_the_gate_stands_with_the_samples(whole_run):
    extent = whole_run[1]["lenses"].samples.meta.extent
    # at least 2 x Einstein radius + half-light radius of the source + PSF, of the largest: 1.4 + 0.2 + 0.5
    assert extent["value"] >= 2.1
    assert extent["value"] < 4.8, "but less than the stamp"
    assert extent["unit"] == "arcsec"


def test_without_flux_every_row_is_its_galaxy_exactly(sky):
    """The control set: nothing of the code may leave a trace."""
    run = sky.use("galaxies", "lenses", lenses={"flux_scale": 0.0}).run()
    galaxies, lenses = run["galaxies"].samples, run["lenses"].samples
    place = {identifier: row for row, identifier in enumerate(galaxies.ids)}
    rows = np.array([place[identifier] for identifier in galaxy_of(lenses)])
    np.testing.assert_array_equal(lenses.read(np.arange(len(lenses))), galaxies.read(rows))
    assert set(lenses.column("label")) == {0, 1}
    assert lenses.meta.notes["flux_scale"] == 0.0


def test_one_more_tile_leaves_the_rows_of_the_others(sky):
    first = sky.run()["lenses"]
    parts = first.folder.parent / "parts"
    before = {path.name: path.stat().st_ino for path in parts.iterdir()}
    sky.add_tile("middle", 3)
    grown = sky.run()["lenses"]
    after = {path.name: path.stat().st_ino for path in parts.iterdir()}
    assert before.items() <= after.items()
    assert len(after) == 3
    scratch = sky.run(runs=sky.root / "other")["lenses"]
    assert scratch.hash == grown.hash
    every = np.arange(len(grown.samples))
    np.testing.assert_array_equal(scratch.samples.ids, grown.samples.ids)
    np.testing.assert_array_equal(scratch.samples.read(every), grown.samples.read(every))


def test_a_split_of_the_galaxies_may_be_missing_from_a_tile(sky):
    """Nine galaxies in three splits: the test galaxies of some tiles are none."""
    for seed in (4, 5, 6):
        sky.add_tile(f"small{seed}", seed, galaxies=1)
    run = sky.use("galaxies", "lenses", lenses={"galaxies": "galaxies.test"}).run()
    galaxies = run["galaxies"].samples
    without = {str(tile) for tile in galaxies.column("tile")} - set(galaxies.split("test").column("tile"))
    assert without, "this seed has tiles without a test galaxy"
    lenses = run["lenses"].samples
    assert set(lenses.column("split")) == {"test"}
    assert set(lenses.column("group")) == set(galaxies.split("test").ids)


def test_a_split_that_no_galaxy_is_in_is_an_error(sky):
    with pytest.raises(Exception, match=r"no object of galaxies is in a split 'tset'.*test"):
        sky.use("galaxies", "lenses", lenses={"galaxies": "galaxies.tset"}).run()


def test_galaxies_from_outside_are_taken(sky):
    galaxies = sky.run()["galaxies"]
    sky.data["inputs"] = {"stamps": str(galaxies.folder)}
    run = sky.use("lenses", lenses={"galaxies": "${inputs.stamps}"}).run(runs=sky.root / "other")
    assert len(run["lenses"].samples) == 4 * len(galaxies.samples)
    assert run["lenses"].samples.meta.extent["value"] >= 2.1


def test_an_instrument_is_needed_and_that_is_said_before_compute(sky):
    sky.data["instrument"] = None
    sky.use("galaxies", "lenses", galaxies={"bands": ["g", "r"], "pixel_scale_arcsec": 0.2})
    (problem,) = [one for one in sky.problems() if one.level == "error"]
    assert "lenses" in problem.text
    assert "instrument" in problem.text


def test_another_name_of_the_stage_gives_other_random_numbers(sky):
    sky.stages["others"] = dict(sky.stages["lenses"])
    run = sky.run()
    one, other = run["lenses"].samples, run["others"].samples
    np.testing.assert_array_equal(one.ids, other.ids)
    lens = one.column("label") == 1
    assert (one.column("einstein_radius_arcsec")[lens] != other.column("einstein_radius_arcsec")[lens]).all()


def test_parameters_of_the_population_are_those_of_the_stage():
    parameters = STAGE.Parameters.model_validate(
        {"galaxies": (), "einstein_radius_arcsec": [0.4, 0.9], "shear": [0, 0.1]}
    )
    assert parameters.population == LensPopulation(einstein_radius_arcsec=(0.4, 0.9), shear=(0, 0.1))


GAIN = 40.0


@pytest.fixture(scope="module")
def injected(tmp_path_factory):
    """Flat galaxies with arcs on them, and the same without photon noise: a gain so high that none is left."""
    folder = tmp_path_factory.mktemp("injected")
    size, number = 24, 60
    meta = SampleMeta(kind="images", shape=(size, size, 1), bands=("r",), scale=0.2, scale_unit="arcsec")
    with ShardWriter(folder / "galaxies.h5", meta) as writer:
        table = {
            "id": np.array([f"g{k}" for k in range(number)], object),
            "split": np.array(["train"] * number, object),
        }
        writer.append(np.full((number, size, size, 1), 50.0, np.float32), table)
    galaxies = SampleSet.open(folder / "galaxies.h5")
    instrument = load_instrument("lsst")
    band = instrument.band("r")

    def run(gain):
        measured = {"value": gain, "unit": "electron / flux unit", "reference": "codex", "verified": True}
        noisy = band.model_copy(update={"electrons_per_unit": type(band.psf.fwhm)(**measured)})
        injection = Injection(
            population=LensPopulation(einstein_radius_arcsec=(0.6, 0.9), arc_to_galaxy_peak=(1.0, 1.5)),
            rows=RowsPerGalaxy(2, 4, 0, 0), companion_fraction=0.5, flux_scale=1.0, supersampling=2,
            instrument=instrument.model_copy(update={"bands": {"r": noisy}}), seed=1, stage="lenses", part="",
            extent_arcsec=3.0,
        )  # fmt: skip
        inject(galaxies, injection, folder / f"{gain:g}.h5", lambda *_: None)
        samples = SampleSet.open(folder / f"{gain:g}.h5")
        return samples, samples.read(np.arange(len(samples)))[..., 0].astype(float)

    samples, noisy = run(GAIN)
    _, clean = run(1e15)
    return samples.column("label"), clean - 50.0, noisy - clean


@pytest.mark.parametrize("label", [0, 1])
def test_light_added_to_either_class_has_the_noise_of_its_photons(injected, label):
    """Variance = flux / gain, in lenses and in negatives with a companion alike (Poisson)."""
    labels, light, noise = injected
    bright = light * GAIN > 30
    chosen = bright & (labels == label)[:, None, None]
    deviation = noise[chosen] / np.sqrt(light[chosen] / GAIN)
    number = deviation.size
    assert number > 3000
    assert deviation.mean() == pytest.approx(0.0, abs=5 / np.sqrt(number))
    # the fourth moment of a Poisson deviate of 30 and more is 3 + 1/30 at most: Var(variance) = 2.04 / n
    assert deviation.var() == pytest.approx(1.0, abs=5 * np.sqrt(2.04 / number))


def test_pixels_without_added_light_have_no_added_noise(injected):
    """Else lenses could be told by the noise of their sky."""
    labels, light, noise = injected
    empty = (labels == 0) & (light.max(axis=(1, 2)) == 0)
    assert 0.3 < empty[labels == 0].mean() < 0.7
    assert not noise[empty].any()
    assert (light[labels == 1].max(axis=(1, 2)) > 0).all()


def test_both_classes_get_as_much_light(injected):
    """The same sources: unlensed ones are fainter by their magnification only in flux, not in what is drawn."""
    labels, light, _ = injected
    lit = light.max(axis=(1, 2)) > 0
    peaks = [light[lit & (labels == label)].max(axis=(1, 2)) / 50.0 for label in (0, 1)]
    for peak in peaks:  # log-uniform between 1.0 and 1.5
        assert peak.min() >= 0.999
        assert peak.max() <= 1.501
        assert np.log(peak).mean() == pytest.approx(np.log(1.5) / 2, abs=5 * np.log(1.5) / np.sqrt(12 * len(peak)))
