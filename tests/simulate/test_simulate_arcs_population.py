"""From a population to images: number of images, colours, sizes, symmetry, repeatability."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import label

from astrocnn.instruments import load_instrument
from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.arcs import render_arcs
from astrocnn.simulate.lens_population import LensPopulation, draw_lenses
from astrocnn.simulate.psf import instrument_kernels

BANDS = ("red", "green", "blue")
HUBBLE = load_instrument("hubble-xdf-picture")
POPULATION = LensPopulation(
    einstein_radius_arcsec=(0.8, 1.5),
    source_half_light_radius_arcsec=(0.08, 0.2),
    source_sersic_index=(0.5, 2.0),
    source_color={"red": (1.1, 0.2), "blue": (1.2, 3.3)},
)


def first(parameters, number):
    return {name: values[:number] for name, values in parameters.items()}


def render(parameters, bands=BANDS, **options):
    return render_arcs(
        parameters,
        size_px=45,
        scale_arcsec=HUBBLE.scale_arcsec,
        bands=bands,
        psf=instrument_kernels(HUBBLE, bands, 4),
        **options,
    )


@pytest.fixture(scope="module")
def drawn():
    return first(draw_lenses(POPULATION, block_generator(1, "lenses", 0), BANDS), 48)


def number_of_images(offset, axis_ratio):
    """Separate bright images of a tiny source on the minor axis."""
    lens = {name: np.zeros(1, np.float32) for name in draw_lenses(POPULATION, block_generator(1, "a", 0), BANDS)} | {
        "einstein_radius_arcsec": np.full(1, 2.0, np.float32),
        "lens_axis_ratio": np.full(1, axis_ratio, np.float32),
        "source_y_arcsec": np.full(1, offset, np.float32),
        "source_x_arcsec": np.full(1, 0.02, np.float32),
        "source_half_light_radius_arcsec": np.full(1, 0.04, np.float32),
        "source_sersic_index": np.full(1, 0.5, np.float32),
        "source_axis_ratio": np.ones(1, np.float32),
        "source_flux_green": np.ones(1, np.float32),
    }
    image = render(lens, bands=("green",))[0, ..., 0]
    return label(image > 0.1 * image.max())[1]


def test_a_source_inside_the_caustic_has_four_images_and_outside_it_two():
    # the caustic of q = 0.5 reaches 0.4 Einstein radii; a source farther out, within the cut, has two images
    assert number_of_images(0.05, 0.5) == 4
    assert number_of_images(1.1, 0.7) == 2


def test_every_band_has_the_same_arcs_in_its_own_colour(drawn):
    same_psf = dict.fromkeys(BANDS, instrument_kernels(HUBBLE, ("green",), 4)["green"])
    images = render_arcs(drawn, size_px=45, scale_arcsec=HUBBLE.scale_arcsec, bands=BANDS, psf=same_psf)
    for index, band in enumerate(BANDS):
        colour = (drawn[f"source_flux_{band}"] / drawn["source_flux_green"])[:, None, None]
        np.testing.assert_allclose(images[..., index], images[..., 1] * colour, rtol=1e-5, atol=1e-7)


def test_a_wider_psf_lowers_the_peak_and_keeps_the_flux(drawn):
    images = render({**drawn, "source_flux_red": drawn["source_flux_green"]})
    red, green = images[..., 0], images[..., 1]
    assert (red.max(axis=(1, 2)) < green.max(axis=(1, 2))).all()
    np.testing.assert_allclose(red.sum(axis=(1, 2)), green.sum(axis=(1, 2)), rtol=0.01)


def test_bigger_lenses_make_bigger_arcs(drawn):
    images = render(drawn)[..., 1]
    axis = (np.arange(45) - 22) * HUBBLE.scale_arcsec
    radius = np.hypot(axis[None, :], axis[:, None])
    mean_radius = (images * radius).sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    # sizes and offsets of the sources scatter the mean radius by a tenth, over Einstein radii from 0.8 to 1.5
    assert np.corrcoef(mean_radius, drawn["einstein_radius_arcsec"])[0, 1] > 0.8


def test_a_mirrored_lens_makes_a_mirrored_image(drawn):
    mirrored = dict(drawn)
    for name in drawn:
        if name.endswith(("_y_arcsec", "_angle_deg")):
            mirrored[name] = -drawn[name]
    # exact but for the place of the samples' rounding
    np.testing.assert_allclose(render(mirrored)[:, ::-1], render(drawn), rtol=2e-3, atol=1e-3)


def test_arcs_stay_in_their_stamp(drawn):
    images = render(drawn)[..., 1]
    edge = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert (edge.max(axis=1) < 0.02 * images.max(axis=(1, 2))).all()


def test_the_same_parameters_give_the_same_pixels_again(drawn):
    np.testing.assert_array_equal(render(drawn), render(drawn))


@pytest.mark.slow
def test_another_process_gives_the_same_pixels(drawn):
    code = (
        "import sys, hashlib\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from test_simulate_arcs_population import *\n"
        "drawn = first(draw_lenses(POPULATION, block_generator(1, 'lenses', 0), BANDS), 48)\n"
        "sys.stdout.write(hashlib.sha256(render(drawn).tobytes()).hexdigest())\n"
    )
    folder = __file__.rsplit("/", 1)[0]
    other = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, text=True).stdout
    assert other == hashlib.sha256(render(drawn).tobytes()).hexdigest()
