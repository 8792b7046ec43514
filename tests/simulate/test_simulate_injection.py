"""Injection into galaxies: nothing added changes nothing, one way for lenses and negatives, splits inherited."""

import dataclasses

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.instruments import load_instrument
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.simulate.injection import Injection, RowsPerGalaxy, inject
from astrocnn.simulate.lens_population import LensPopulation
from astrocnn.stretch import to_flux

BANDS = ("red", "green", "blue")
SIZE = 31
SPLITS = np.array(["train", "train", "train", "validation", "validation", "test"])
INJECTION = Injection(
    population=LensPopulation(
        einstein_radius_arcsec=(0.5, 1.0),
        source_half_light_radius_arcsec=(0.08, 0.2),
        source_sersic_index=(0.5, 2.0),
        arc_to_galaxy_peak=(0.3, 0.6),
    ),
    rows=RowsPerGalaxy(lenses=2, nonlenses=3, test_lenses=5, test_nonlenses=1),
    companion_fraction=0.5,
    flux_scale=1.0,
    supersampling=2,
    instrument=load_instrument("hubble-xdf-picture"),
    seed=1,
    stage="lenses",
    part="",
    extent_arcsec=3.0,
)


def galaxy_pictures(number):
    """Whole levels: sky with noise, and a round galaxy in the middle."""
    axis = np.arange(SIZE) - SIZE // 2
    light = 120.0 * np.exp(-np.hypot(axis[None, :], axis[:, None]) / 3.0)[None, :, :, None]
    noise = np.random.default_rng(7).normal(13.0, 5.0, (number, SIZE, SIZE, len(BANDS)))
    return np.clip(np.rint(light + noise), 0, 255).astype(np.float32)


@pytest.fixture
def make_galaxies(tmp_path):
    def make(number=6, scale=0.138, spoil=None):
        pictures = galaxy_pictures(number)
        if spoil is not None:
            pictures[spoil] = np.nan
        units = {"scale": scale, "scale_unit": "arcsec"} if scale else {}
        meta = SampleMeta(kind="images", shape=(SIZE, SIZE, 3), bands=BANDS, **units)
        table = {
            "id": np.array([f"galaxy-{k}" for k in range(number)], dtype=object),
            "group": np.array([f"group-{k // 2}" for k in range(number)], dtype=object),
            "split": np.resize(SPLITS, number).astype(object),
            "ra": np.arange(number, dtype=float),
            "dec": -np.arange(number, dtype=float),
            "coverage": np.full(number, 0.9, np.float32),
        }
        with ShardWriter(tmp_path / "galaxies.h5", meta) as writer:
            writer.append(pictures, table)
        return SampleSet.open(tmp_path / "galaxies.h5")

    return make


@pytest.fixture
def run(tmp_path):
    def run(galaxies, name="lenses.h5", **changes):
        ids = inject(galaxies, dataclasses.replace(INJECTION, **changes), tmp_path / name, lambda *_: None)
        return SampleSet.open(tmp_path / name), ids

    return run


def pictures_of(samples):
    return samples.read(np.arange(len(samples)))


def galaxy_numbers(samples):
    return np.array([int(identifier.split("-")[1]) for identifier in samples.ids])


def test_no_flux_leaves_every_picture_exactly_as_it_was(make_galaxies, run):
    galaxies = make_galaxies()
    samples, _ = run(galaxies, flux_scale=0.0)
    np.testing.assert_array_equal(pictures_of(samples), galaxies.read(galaxy_numbers(samples)))
    assert not samples.column("injected_flux").any()
    assert not samples.column("snr").any()


def test_rows_per_galaxy_follow_its_split(make_galaxies, run):
    samples, ids = run(make_galaxies())
    number, label = galaxy_numbers(samples), samples.column("label")
    for galaxy, split in enumerate(SPLITS):
        mine = number == galaxy
        lenses, negatives = (5, 1) if split == "test" else (2, 3)
        assert (np.sum(label[mine] == 1), np.sum(label[mine] == 0)) == (lenses, negatives)
    assert sorted(ids[0] + ids[1]) == sorted(samples.ids)
    assert set(ids[1]) == set(samples.ids[label == 1])


def test_groups_splits_and_positions_are_those_of_the_galaxy(make_galaxies, run):
    galaxies = make_galaxies()
    samples, _ = run(galaxies)
    number = galaxy_numbers(samples)
    for name in ("group", "split", "ra", "dec", "coverage"):
        np.testing.assert_array_equal(samples.column(name), galaxies.column(name)[number])
    assert samples.meta.classes == ("nonlens", "lens")
    assert samples.meta.positive == "lens"
    assert samples.meta.extent["value"] == 3.0


def test_lenses_have_light_and_negatives_have_it_as_often_as_asked(make_galaxies, run):
    samples, _ = run(make_galaxies(90))
    lens, lit = samples.column("label") == 1, samples.column("injected_flux") > 0
    assert lit[lens].all()
    # about 210 negatives: a standard error of 0.035
    assert lit[~lens].mean() == pytest.approx(0.5, abs=0.15)
    empty = run(make_galaxies(12), "empty.h5", companion_fraction=0.0)[0]
    assert not empty.column("injected_flux")[empty.column("label") == 0].any()


def test_light_is_added_to_the_flux_and_not_to_the_levels(make_galaxies, run):
    galaxies = make_galaxies(30)
    samples, _ = run(galaxies)
    stretches = [INJECTION.instrument.band(band).stretch for band in BANDS]
    before = to_flux(galaxies.read(galaxy_numbers(samples)), stretches)
    gained = (to_flux(pictures_of(samples), stretches) - before)[..., 1].sum(axis=(1, 2))
    # a level of a bright pixel is some units of flux wide, but rounding is unbiased: the sums agree to some per cent
    injected = samples.column("injected_flux")
    bright = injected > 1000
    assert bright.sum() > 20
    np.testing.assert_allclose(gained[bright] / injected[bright], 1.0, atol=0.12)


def test_peak_of_the_arcs_is_the_share_of_the_galaxy_that_was_drawn(make_galaxies, run):
    fixed = INJECTION.population.model_copy(update={"arc_to_galaxy_peak": (0.5, 0.5)})
    double = INJECTION.population.model_copy(update={"arc_to_galaxy_peak": (0.25, 0.25)})
    galaxies = make_galaxies()
    full, _ = run(galaxies, population=fixed)
    half, _ = run(galaxies, "half.h5", population=double)
    np.testing.assert_allclose(full.column("injected_flux"), 2.0 * half.column("injected_flux"), rtol=1e-5)


def test_wanted_signal_to_noise_ratio_is_reached(make_galaxies, run):
    samples, _ = run(make_galaxies(), population=INJECTION.population.model_copy(update={"snr": (40.0, 40.0)}))
    lens = samples.column("label") == 1
    np.testing.assert_allclose(samples.column("snr")[lens], 40.0, rtol=0.02)
    assert (samples.column("snr_matched")[lens] >= samples.column("snr")[lens] * 0.999).all()


def test_truth_is_told_for_lenses_alone(make_galaxies, run):
    samples, _ = run(make_galaxies())
    lens, radius = samples.column("label") == 1, samples.column("einstein_radius_arcsec")
    assert np.isnan(radius[~lens]).all()
    assert ((radius[lens] >= 0.5) & (radius[lens] <= 1.0)).all()


def test_the_same_numbers_make_the_same_set_and_other_keys_another(make_galaxies, run):
    galaxies = make_galaxies()
    once, again = pictures_of(run(galaxies)[0]), pictures_of(run(galaxies, "again.h5")[0])
    np.testing.assert_array_equal(once, again)
    for name, change in (("seed.h5", {"seed": 2}), ("stage.h5", {"stage": "other"}), ("part.h5", {"part": "tile-2"})):
        assert (pictures_of(run(galaxies, name, **change)[0]) != once).any()


def test_galaxies_that_cannot_be_used_are_refused(make_galaxies, run):
    with pytest.raises(DataError, match="not finite"):
        run(make_galaxies(spoil=2))
    with pytest.raises(DataError, match="pixel scale"):
        run(make_galaxies(scale=None))
