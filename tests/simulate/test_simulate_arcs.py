"""Rendered arcs: positions, magnification, flux and the shared code path of positives and negatives."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.simulate.arcs import BATCH, GEOMETRY, peak_factor, render_arcs, snr_factor, trace_source
from astrocnn.simulate.extent import flux_diameter_arcsec, largest_extent_arcsec
from astrocnn.simulate.lens_population import LensPopulation, as_companion, draw_lenses
from astrocnn.simulate.observe import noise_sigma, snr
from astrocnn.simulate.psf import psf_kernel

BANDS = ("green", "red")
SCALE, SIZE, SUPERSAMPLING = 0.15, 41, 4
PSF = {"green": psf_kernel(0.2, SCALE / SUPERSAMPLING), "red": psf_kernel(0.3, SCALE / SUPERSAMPLING)}


def render(parameters, **options):
    defaults = {"size_px": SIZE, "scale_arcsec": SCALE, "bands": BANDS, "psf": PSF, "supersampling": SUPERSAMPLING}
    return render_arcs(parameters, **{**defaults, **options})


def lens(number=1, **columns):
    """Columns of round lenses without shear and small round Gaussian sources, changed by name."""
    plain = dict.fromkeys(GEOMETRY, 0.0) | {
        "einstein_radius_arcsec": 1.2,
        "lens_axis_ratio": 1.0,
        "source_half_light_radius_arcsec": 0.1,
        "source_sersic_index": 0.5,
        "source_axis_ratio": 1.0,
        "source_flux_green": 1.0,
        "source_flux_red": 0.5,
    }
    return {name: np.full(number, value, np.float32) for name, value in {**plain, **columns}.items()}


@pytest.fixture(scope="module")
def drawn():
    population = LensPopulation(
        einstein_radius_arcsec=(0.6, 1.4), source_half_light_radius_arcsec=(0.1, 0.25), source_sersic_index=(0.5, 2.0)
    )
    block = draw_lenses(population, np.random.default_rng(2), BANDS)
    return {name: values[:80] for name, values in block.items()}


def centroid(image):
    axis = (np.arange(image.shape[0]) - (image.shape[0] - 1) / 2.0) * SCALE
    return (image.sum(axis=0) * axis).sum() / image.sum(), (image.sum(axis=1) * axis).sum() / image.sum()


def test_images_of_an_isothermal_sphere_stand_where_they_should():
    image = render(lens(source_x_arcsec=0.4))[0, ..., 0]
    right, left = image[:, SIZE // 2 + 1 :], image[:, : SIZE // 2]
    column = (np.arange(SIZE) - SIZE // 2) * SCALE
    # images at source + einstein_radius and source - einstein_radius on the axis, within half a pixel of the peak
    assert column[SIZE // 2 + 1 + right.max(axis=0).argmax()] == pytest.approx(1.6, abs=SCALE)
    assert column[left.max(axis=0).argmax()] == pytest.approx(-0.8, abs=SCALE)


def test_total_magnification_of_a_small_source_is_that_of_the_isothermal_sphere():
    image = render(
        lens(source_x_arcsec=0.5, source_half_light_radius_arcsec=0.04),
        size_px=61,
        supersampling=8,
        psf={band: psf_kernel(0.2, SCALE / 8) for band in BANDS},
    )
    # 2 einstein_radius / source_x for a point; the finite source (0.04 / 0.5)^2 and the sampling change it by 1 %
    assert image[0, ..., 0].sum() == pytest.approx(2 * 1.2 / 0.5, rel=0.015)


def test_a_source_behind_the_centre_makes_a_ring_of_the_einstein_radius():
    image = render(lens())[0, ..., 0]
    axis = (np.arange(SIZE) - SIZE // 2) * SCALE
    radius = np.hypot(axis[None, :], axis[:, None])
    assert (image * radius).sum() / image.sum() == pytest.approx(1.2, abs=0.05)
    assert image[SIZE // 2, SIZE // 2] < 0.02 * image.max()


def test_unlensed_source_keeps_flux_position_and_colour():
    image = render(lens(source_x_arcsec=0.43, source_y_arcsec=-0.21), lensed=False)[0]
    assert image[..., 0].sum() == pytest.approx(1.0, rel=0.01)
    assert image[..., 1].sum() == pytest.approx(0.5, rel=0.01)
    assert centroid(image[..., 0]) == pytest.approx((0.43, -0.21), abs=0.01)


def test_unlensed_flux_is_conserved_for_every_drawn_source(drawn):
    few = {name: values[:64] for name, values in as_companion(drawn).items()}
    flux = render(few, size_px=81, lensed=False)[..., 0].sum(axis=(1, 2))
    # the flattened cusp of a source 3 samples wide costs up to 5 %, and n = 2 leaves 1 % outside the stamp
    np.testing.assert_allclose(flux, 1.0, atol=0.07)
    assert np.mean(flux) == pytest.approx(1.0, abs=0.02)


def test_lensing_magnifies(drawn):
    lensed, unlensed = render(drawn), render(drawn, lensed=False)
    assert (lensed.sum(axis=(1, 2, 3)) > unlensed.sum(axis=(1, 2, 3))).all()


def test_deflector_and_source_move_together():
    still, moved = (
        render(lens(source_x_arcsec=0.3)),
        render(
            lens(source_x_arcsec=0.3 + 2 * SCALE, lens_x_arcsec=2 * SCALE, source_y_arcsec=-SCALE, lens_y_arcsec=-SCALE)
        ),
    )
    np.testing.assert_allclose(np.roll(still, (-1, 2), axis=(1, 2))[:, 5:-5, 5:-5], moved[:, 5:-5, 5:-5], atol=1e-5)


def test_position_angle_turns_counter_clockwise_from_x():
    image = render(
        lens(source_axis_ratio=0.3, source_angle_deg=30.0, source_half_light_radius_arcsec=0.6), lensed=False
    )
    axis = np.arange(SIZE) - SIZE // 2
    x, y, light = axis[None, :], axis[:, None], image[0, ..., 0]
    moments = [(light * moment).sum() for moment in (x * x, y * y, x * y)]
    angle = 0.5 * np.degrees(np.arctan2(2 * moments[2], moments[0] - moments[1]))
    assert angle == pytest.approx(30.0, abs=0.5)


def test_numpy_in_double_precision_gives_the_same_light(drawn):
    samples = 5  # the renderer without blur: a PSF of one sample
    point = dict.fromkeys(BANDS, np.ones((1, 1), np.float32))
    image = render({name: values[:6] for name, values in drawn.items()}, psf=point, supersampling=samples)[..., 0]
    axis = (np.arange(SIZE * samples) - (SIZE * samples - 1) / 2) * SCALE / samples
    geometry = {name: drawn[name][:6, None, None].astype(float) for name in GEOMETRY}
    light = trace_source(geometry, 1.0, axis[None, None, :], axis[None, :, None], core=0.2 * SCALE / samples)
    flux = drawn["source_flux_green"][:6, None, None] * (SCALE / samples) ** 2
    expected = light.reshape(6, SIZE, samples, SIZE, samples).sum(axis=(2, 4)) * flux
    np.testing.assert_allclose(image, expected, rtol=2e-3, atol=1e-5 * expected.max())


def test_no_flux_gives_zeros(drawn):
    dark = {name: values * (0 if name.startswith("source_flux") else 1) for name, values in drawn.items()}
    assert not render(dark).any()
    assert not render(dark, lensed=False).any()


def test_lensed_and_unlensed_rows_can_be_mixed(drawn):
    lensed = np.arange(80) % 3 == 0
    mixed = render(drawn, lensed=lensed)
    np.testing.assert_array_equal(mixed[lensed], render(drawn)[lensed])
    np.testing.assert_array_equal(mixed[~lensed], render(drawn, lensed=False)[~lensed])


def test_a_row_does_not_depend_on_the_others(drawn):
    # another place in the batch may add in another order: float32 to the last bits
    part = render({name: values[BATCH - 3 : BATCH + 4] for name, values in drawn.items()})
    np.testing.assert_allclose(part, render(drawn)[BATCH - 3 : BATCH + 4], rtol=1e-5, atol=1e-7)


def test_finer_sampling_changes_little(drawn):
    few = {name: values[:24] for name, values in drawn.items()}
    coarse = render(few)
    fine = render(few, supersampling=8, psf={"green": psf_kernel(0.2, SCALE / 8), "red": psf_kernel(0.3, SCALE / 8)})
    peak = fine.max(axis=(1, 2, 3), keepdims=True)
    # flattened cusps and critical curves converge linearly with the sample
    assert np.abs((coarse - fine) / peak).max() < 0.12
    assert np.abs((coarse - fine) / peak).mean() < 2e-3


def test_bands_are_taken_by_name(drawn):
    few = {name: values[:4] for name, values in drawn.items()}
    few["source_flux_red"] = 2.0 * few["source_flux_red"]
    np.testing.assert_allclose(render(few, bands=BANDS[::-1])[..., ::-1], render(few), rtol=1e-5, atol=1e-7)


def test_missing_columns_and_psfs_are_named(drawn):
    with pytest.raises(DataError, match="source_angle_deg"):
        render({name: values for name, values in drawn.items() if name != "source_angle_deg"})
    with pytest.raises(DataError, match="red"):
        render(drawn, psf={"green": PSF["green"]})
    with pytest.raises(DataError, match="PSF of band green"):
        render(drawn, psf={**PSF, "green": PSF["green"] * 2})


def test_peak_factor_sets_the_ratio_of_peaks(drawn):
    arcs = render({name: values[:8] for name, values in drawn.items()})[..., 0]
    galaxy_peak, wanted = np.linspace(50, 400, 8), np.linspace(0.02, 0.3, 8)
    scaled = arcs * peak_factor(arcs, galaxy_peak, wanted)[:, None, None]
    np.testing.assert_allclose(scaled.max(axis=(1, 2)) / galaxy_peak, wanted, rtol=1e-6)
    assert (peak_factor(0 * arcs, galaxy_peak, wanted) == 0).all()


def test_snr_factor_reaches_the_ratio_with_the_photons_counted(drawn):
    arcs = render({name: values[:8] for name, values in drawn.items()})[..., 0]
    galaxy = np.full_like(arcs, 20.0)
    wanted = np.geomspace(5, 200, 8)
    factor = snr_factor(arcs, galaxy, wanted, sky_sigma=5.0, gain=2.0, iterations=20)
    light = arcs * factor[:, None, None]
    np.testing.assert_allclose(snr(light, noise_sigma(5.0, galaxy + light, 2.0)), wanted, rtol=1e-3)
    assert (snr_factor(0 * arcs, galaxy, wanted, sky_sigma=5.0, gain=2.0) == 0).all()


def test_extent_of_a_ring_is_its_diameter():
    # a point source behind the centre: all light at the Einstein radius, to the grid of 2 (2 x 1.2 + 12 x 0.02) / 201
    thin = {name: lens(source_half_light_radius_arcsec=0.02)[name] for name in GEOMETRY}
    assert flux_diameter_arcsec(thin)[0] == pytest.approx(2.4, abs=0.1)


def test_extent_of_an_unlensed_source_is_that_of_its_light():
    # a round exponential holds 95 % of its flux within 2.826 half-light radii: 1 - (1 + u) exp(-u) = 0.95 at u = 4.744
    plain = {
        name: lens(einstein_radius_arcsec=0.0, source_half_light_radius_arcsec=0.5, source_sersic_index=1.0)[name]
        for name in GEOMETRY
    }
    assert flux_diameter_arcsec(plain)[0] == pytest.approx(2 * 0.5 * 4.744 / 1.678, rel=0.02)


@pytest.mark.parametrize("einstein_radius", [(0.5, 1.5), (1.4, 5.0)])
def test_largest_extent_covers_the_population(einstein_radius):
    population = LensPopulation(einstein_radius_arcsec=einstein_radius, source_half_light_radius_arcsec=(0.1, 0.3))
    largest = largest_extent_arcsec(population, 0.0)
    drawn = draw_lenses(population, np.random.default_rng(8), ())
    members = flux_diameter_arcsec({name: values[:100] for name, values in drawn.items()})
    assert np.mean(members <= largest) > 0.95
    assert largest < 1.3 * members.max()


def test_largest_extent_is_at_least_ring_source_and_psf():
    pointlike = LensPopulation(
        einstein_radius_arcsec=(1.0, 2.0), source_offset=(0.0, 0.0), source_half_light_radius_arcsec=(0.01, 0.01)
    )
    assert largest_extent_arcsec(pointlike, 0.7) >= 2 * 2.0 + 0.01 + 0.7
    assert largest_extent_arcsec(pointlike, 0.9) - largest_extent_arcsec(pointlike, 0.7) == pytest.approx(0.2)


def test_parameters_and_extent_need_no_keras():
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from astrocnn.simulate.extent import largest_extent_arcsec\n"
        "from astrocnn.simulate.lens_population import LensPopulation\n"
        "largest_extent_arcsec(LensPopulation(), 0.7)\n"
        "sys.exit(any(name.split('.')[0] in ('keras', 'tensorflow', 'jax', 'astropy') for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_jax_renders_what_tensorflow_renders(drawn, tmp_path):
    pytest.importorskip("jax", reason="jax is an extra and is not installed")
    import subprocess
    import sys

    few = {name: values[:4] for name, values in drawn.items()}
    np.savez(tmp_path / "drawn.npz", **few)
    code = (
        "import sys, numpy as np\n"
        "from astrocnn.simulate.arcs import render_arcs\n"
        "from astrocnn.simulate.psf import psf_kernel\n"
        "psf = {'green': psf_kernel(0.2, 0.0375), 'red': psf_kernel(0.3, 0.0375)}\n"
        "drawn = dict(np.load(sys.argv[1] + '/drawn.npz'))\n"
        "images = render_arcs(drawn, size_px=41, scale_arcsec=0.15, bands=('green', 'red'), psf=psf, supersampling=4)\n"
        "np.save(sys.argv[1] + '/images.npy', images)\n"
    )
    import os

    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    images = render(few)
    # 24 bits through logarithms and exponentials: 1e-4 of the peak
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), images, atol=1e-4 * images.max())
