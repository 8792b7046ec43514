"""Instrument files: strict, sourced, and giving the noise that formulas give."""

import math
import pickle

import numpy as np
import pytest

from astrocnn.errors import InputMissing, PipelineFileError, UnknownName
from astrocnn.instruments import instrument_names, load_instrument, read_instrument

MINIMAL = """
title: a camera
flux_unit: electron / s
pixel_scale: {value: 0.2, unit: arcsec, reference: paper, verified: true}
bands:
  r:
    psf: {fwhm: {value: 0.7, unit: arcsec, reference: paper, verified: true}}
    zero_point: {value: 28.0, unit: mag, reference: paper, verified: true}
    exposure_time: {value: 100, unit: s, reference: paper, verified: false}
    sky_brightness: {value: 21.0, unit: mag / arcsec2, reference: paper, verified: true}
    read_noise: {value: 10, unit: electron, reference: paper, verified: true}
references: {paper: "Somebody 2020"}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="camera.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", instrument_names())
def test_shipped_instruments_say_where_every_number_comes_from(name):
    instrument = load_instrument(name)
    assert instrument.name == name
    for path, number in instrument.numbers():
        assert instrument.references[number.reference], path
        assert number.verified or number.comment or number.reference == "memory", path


@pytest.mark.parametrize("name", instrument_names())
def test_shipped_instruments_can_be_simulated(name):
    instrument = load_instrument(name)
    for band in instrument.bands:
        assert 0 < instrument.sky_sigma(band) < 100
        assert instrument.electrons_per_unit(band) > 0


def test_the_usual_instruments_are_there():
    assert {"des", "euclid-vis", "hst-acs", "hubble-xdf-picture", "kids", "lsst"} <= set(instrument_names())


def test_sky_noise_is_that_of_the_photons_and_the_read_out(write):
    instrument = read_instrument(write(MINIMAL))
    electrons = 10 ** (0.4 * (28.0 - 21.0)) * 0.2**2 * 100
    assert instrument.sky_sigma("r") == pytest.approx(math.sqrt(electrons + 10**2) / 100)
    assert instrument.electrons_per_unit("r") == 100


def test_lsst_stack_reaches_its_published_depth():
    # Ivezic et al. 2019, Table 1 (v5): stacked 5-sigma point-source depth of 27.5 in r
    lsst = load_instrument("lsst")
    band = lsst.band("r")
    noise_pixels = 2.266 * (band.psf.fwhm.value / 0.2) ** 2
    limit = band.zero_point.value - 2.5 * math.log10(5 * lsst.sky_sigma("r") * math.sqrt(noise_pixels))
    # at airmass 1.2 without read-out noise
    assert limit == pytest.approx(27.5, abs=0.35)


@pytest.mark.parametrize(("band", "depth"), [("g", 25.12), ("r", 25.02), ("i", 23.68)])
def test_kids_noise_gives_back_its_depth(band, depth):
    # Kuijken et al. 2019: 5 sigma in an aperture of 2 arcsec
    kids = load_instrument("kids")
    noise = kids.sky_sigma(band) * math.sqrt(math.pi * 1.0**2 / 0.2**2)
    assert 25.0 - 2.5 * math.log10(5 * noise) == pytest.approx(depth, abs=0.01)


def test_hubble_picture_constants_are_those_of_the_picture():
    data = pytest.importorskip("skimage.data")
    from astropy.stats import sigma_clipped_stats

    hubble = load_instrument("hubble-xdf-picture")
    assert not hubble.photometric
    picture = data.hubble_deep_field()
    assert hubble.scale_arcsec * picture.shape[1] == pytest.approx(2.3 * 60, rel=0.01)
    for index, name in enumerate(("red", "green", "blue")):
        mean, _, sigma = sigma_clipped_stats(picture[..., index].astype(float), sigma=2.5)
        assert hubble.band(name).stretch.zero_level == pytest.approx(mean, abs=0.1)
        assert hubble.sky_sigma(name) == pytest.approx(sigma, abs=0.02)


def test_names_and_files_are_told_apart_by_their_ending(write):
    path = write(MINIMAL)
    assert load_instrument("camera.yaml", path.parent).name == "camera"
    with pytest.raises(UnknownName, match="did you mean lsst"):
        load_instrument("lsstt")
    with pytest.raises(InputMissing, match="cannot be read"):
        load_instrument("nowhere.yaml", path.parent)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "unit: arcsec, reference: paper, verified: true}\nbands",
            "unit: px, reference: paper, verified: true}\nbands",
            "arcsec",
        ),
        ("value: 0.2", "value: -0.2", "positive"),
        ("value: 0.2", "value: .nan", "finite"),
        ("value: 28.0, unit: mag, reference: paper", "value: 28.0, unit: mag, reference: book", "book"),
        ("    read_noise:", "    readnoise:", "readnoise"),
        ("zero_point: {value: 28.0, unit: mag, reference: paper, verified: true}", "zero_point: 28.0", "zero_point"),
        ("psf: {fwhm", "psf: {profile: moffat, fwhm", "moffat_beta"),
        ("bands:", "bands: [", "YAML"),
    ],
)
def test_files_that_are_wrong_are_refused_with_the_reason(write, old, new, message):
    assert old in MINIMAL
    with pytest.raises(PipelineFileError, match=message):
        read_instrument(write(MINIMAL.replace(old, new)))


def test_a_file_that_is_no_mapping_is_refused(write):
    with pytest.raises(PipelineFileError, match="not an instrument"):
        read_instrument(write("- 1\n"))


def test_unknown_noise_is_said_and_not_guessed(write):
    lines = [line for line in MINIMAL.splitlines() if "sky_brightness" not in line and "exposure_time" not in line]
    instrument = read_instrument(write("\n".join(lines)))
    with pytest.raises(PipelineFileError, match="noise of the sky"):
        instrument.sky_sigma("r")
    with pytest.raises(PipelineFileError, match="photon noise"):
        instrument.electrons_per_unit("r")
    with pytest.raises(UnknownName, match="known: r"):
        instrument.band("u")


def test_content_changes_with_numbers_and_not_with_words(write):
    content = read_instrument(write(MINIMAL)).content()
    words = MINIMAL.replace("Somebody 2020", "Nobody 2021").replace("a camera", "the camera").replace("false", "true")
    assert read_instrument(write(words, "other.yaml")).content() == content
    assert read_instrument(write(MINIMAL.replace("28.0", "28.1"))).content() != content


def test_instruments_travel_to_workers():
    instrument = load_instrument("lsst")
    assert pickle.loads(pickle.dumps(instrument)) == instrument
    assert np.isfinite(instrument.sky_sigma("g"))
