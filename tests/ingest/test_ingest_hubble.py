"""The Hubble sample: bytes, orientation, WCS, honesty of the header, and a cheap fingerprint."""

import hashlib
import re
import subprocess
import sys

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from astrocnn.errors import InputMissing, UnknownName
from astrocnn.ingest import hubble, sample_inputs


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return hubble.write_hubble(tmp_path_factory.mktemp("hubble") / "deep" / "hubble.fits")


def test_three_named_extensions_hold_the_picture_upside_up(written):
    from skimage.data import hubble_deep_field

    picture = hubble_deep_field()
    with fits.open(written, memmap=False) as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["RED", "GREEN", "BLUE"]
        for k, hdu in enumerate(hdus[1:]):
            assert hdu.data.shape == (872, 1000)
            assert hdu.header["BITPIX"] == 8
            np.testing.assert_array_equal(hdu.data[0], picture[-1, :, k])  # the first row of FITS is the bottom
            np.testing.assert_array_equal(hdu.data[::-1], picture[:, :, k])


def test_wcs_is_the_published_field(written):
    with fits.open(written, memmap=False) as hdus:
        wcs = WCS(hdus["GREEN"].header)
    centre = wcs.pixel_to_world(499.5, 435.5)
    assert centre.separation(SkyCoord(53.1625, -27.7914, unit="deg")).arcsec < 1e-6
    left, right = wcs.pixel_to_world(-0.5, 435.5), wcs.pixel_to_world(999.5, 435.5)
    bottom, top = wcs.pixel_to_world(499.5, -0.5), wcs.pixel_to_world(499.5, 871.5)
    # 2.3' x 2.0' published, to the digits given
    assert left.separation(right).arcmin == pytest.approx(2.3, abs=0.05)
    assert bottom.separation(top).arcmin == pytest.approx(2.0, abs=0.05)
    assert left.ra > right.ra  # east is left
    assert top.dec > bottom.dec  # north is up


def test_header_says_what_it_is_not(written):
    with fits.open(written, memmap=False) as hdus:
        for hdu in hdus:
            text = " ".join(str(line) for line in hdu.header["COMMENT"])
            for words in ("Not photometry", "8 bits", "WCS is approximate", "NASA; ESA", "public domain", "bottom"):
                assert words in text
            assert not {"DATE", "DATE-OBS", "CHECKSUM"} & set(hdu.header)
        assert hdus["RED"].header["DISPLAY"] is True
        assert hdus["RED"].header["SATURATE"] == 255
    assert all(len(line) <= 72 for line in hubble.COMMENTS)  # longer ones would be broken over two cards


def test_same_bytes_every_time_and_over_an_older_file(written, tmp_path):
    other = tmp_path / "other.fits"
    other.write_bytes(b"something older")
    assert hubble.write_hubble(str(other)) == other
    assert other.read_bytes() == written.read_bytes()


def test_missing_picture_names_the_cure(monkeypatch):
    monkeypatch.setattr(hubble.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputMissing, match=r"scikit-image.*pip install"):
        hubble.packaged_picture()


def test_fingerprint_is_that_of_the_packaged_file_and_the_revision(monkeypatch):
    content = hubble.packaged_picture().read_bytes()
    assert sample_inputs.fingerprint("hubble") == hashlib.sha256(content + b"revision 1").hexdigest()
    assert sample_inputs.fingerprint("sample:hubble") == sample_inputs.fingerprint("hubble")
    raised = sample_inputs.Sample(**{**vars(sample_inputs.SAMPLES["hubble"]), "revision": 2})
    before = sample_inputs.fingerprint("hubble")
    monkeypatch.setitem(sample_inputs.SAMPLES, "hubble", raised)
    assert sample_inputs.fingerprint("hubble") != before


def test_revision_is_raised_when_the_file_changes(written):
    # Our cards, to the digit; those of the FITS structure are astropy's, and what the JPEG decodes to the decoder's.
    with fits.open(written, memmap=False) as hdus:
        cards = hdus["RED"].header.cards
        ours = "\n".join(str(card) for card in cards[[card.keyword for card in cards].index("BAND") :])
    assert (hubble.REVISION, hashlib.sha256(ours.encode()).hexdigest()[:16]) == (1, "2f7a5e347c392373")


def test_every_sample_is_described_in_one_line():
    for name, sample in sample_inputs.SAMPLES.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
        assert sample.description
        assert "\n" not in sample.description
        assert sample.file_name.endswith(".fits")
    assert sample_inputs.SAMPLES["hubble"].bands == ("red", "green", "blue")
    assert "not photometry" in sample_inputs.SAMPLES["hubble"].description


def test_unknown_sample_suggests_the_nearest():
    with pytest.raises(UnknownName, match="did you mean hubble"):
        sample_inputs.find_sample("sample:hubbel")
    with pytest.raises(UnknownName, match="one of hubble"):
        sample_inputs.find_sample("x")


def test_fingerprint_imports_nothing_heavy():
    code = (
        "import sys; from astrocnn.ingest.sample_inputs import fingerprint; fingerprint('hubble');"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'astropy', 'skimage', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
