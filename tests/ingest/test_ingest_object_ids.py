"""Names from positions, checked against astropy's own sexagesimal writing."""

import numpy as np
import pytest
from astropy.coordinates import Angle, SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.ingest.object_ids import object_ids


def test_the_centre_of_the_hubble_field():
    # 53.1625 deg = 3 h 32 m 39.0 s exactly; -27.7914 deg = -27 deg 47' 29.04" exactly
    assert object_ids(53.1625, -27.7914).tolist() == ["J033239.000-274729.04"]


@given(
    ra=st.floats(0, 360, exclude_max=True, allow_subnormal=False),
    dec=st.floats(-90, 90, allow_subnormal=False),
)
@settings(max_examples=200)
def test_name_is_the_position_cut_to_its_last_digit(ra, dec):
    (name,) = object_ids(ra, dec)
    sign = name[11]
    assert len(name) == 21
    hours = Angle(f"{name[1:3]}h{name[3:5]}m{name[5:11]}s")
    degrees = Angle(f"{name[12:14]}d{name[14:16]}m{name[16:]}s")
    # cut, not rounded: never above the position, and less than one last digit below (1e-8 deg for the last bit)
    assert -1e-8 <= (ra - hours.deg + 180) % 360 - 180 < 0.0150001 / 3600  # 359.99... may be named 0
    assert -1e-8 <= abs(dec) - degrees.deg < 0.0100001 / 3600
    assert sign == ("-" if dec < 0 else "+")


def test_agrees_with_astropy_where_nothing_is_cut():
    position = SkyCoord("12h00m01.5s", "+01d02m03.25s")
    (name,) = object_ids(position.ra.deg, position.dec.deg)
    assert name == "J120001.500+010203.25"


def test_wraps_and_zero():
    assert object_ids([-0.5, 359.5, 360.0, 0.0], [0, 0, 1, -0.0]).tolist() == [
        "J235800.000+000000.00",
        "J235800.000+000000.00b",
        "J000000.000+010000.00",
        "J000000.000+000000.00",
    ]


def test_shared_names_follow_position_not_order():
    ra, dec = np.array([10.0, 10.0, 10.0]), np.array([5.0, 5.0000001, 5.0000002])
    names = object_ids(ra, dec)
    assert len(set(names)) == 3
    order = [2, 0, 1]
    np.testing.assert_array_equal(object_ids(ra[order], dec[order]), names[order])
    assert names[0] + "b" == names[1]


def test_many_of_one_place_stay_unique():
    names = object_ids(np.full(40, 180.0), np.full(40, -1.0))
    assert len(set(names)) == 40
    assert names[25].endswith("z")
    assert names[26].endswith("27")


def test_empty_and_unusable_positions():
    assert object_ids([], []).shape == (0,)
    for ra, dec in ((np.nan, 0.0), (0.0, np.nan), (0.0, 91.0)):
        with pytest.raises(ValueError, match="finite positions"):
            object_ids(ra, dec)
