"""Matches against astropy's search around sky, at the poles and across RA 0."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord, search_around_sky

from astrocnn.catalog.cross_match import cross_match, joined_with_matches
from astrocnn.catalog.writers import candidate_table
from astrocnn.errors import DataError


def near(ra, dec, number, scatter_arcsec, seed=0):
    """Positions scattered around one point of the sphere, and a second set a little off it."""
    centre, random = SkyCoord(ra, dec, unit="deg"), np.random.default_rng(seed)

    def scattered():
        angles = random.uniform(0, 360, number) * units.deg
        around = centre.directional_offset_by(angles, random.uniform(0, scatter_arcsec, number) * units.arcsec)
        return around.ra.deg, around.dec.deg

    return scattered(), scattered()


@pytest.mark.parametrize(("ra", "dec"), [(150.1, 2.2), (0.0, 0.0), (359.9999, -45.0), (12.0, 90.0), (200.0, -89.9999)])
def test_all_pairs_are_those_of_astropy(ra, dec):
    ours, others = near(ra, dec, 60, 20.0)
    found = cross_match(*ours, *others, radius_arcsec=5.0, keep="all")
    first, second, separation, _ = search_around_sky(
        SkyCoord(*ours, unit="deg"), SkyCoord(*others, unit="deg"), 5 * units.arcsec
    )
    wanted = {(i, j): s for i, j, s in zip(first, second, separation.arcsec, strict=True)}
    assert len(wanted) > 30
    got = zip(found.index, found.other_index, found.separation_arcsec, strict=True)
    # 1e-16 rad of rounding is 2e-11 arcsec; degrees near 360 are themselves rounded to 2e-10 arcsec
    assert {(i, j): s for i, j, s in got} == pytest.approx(wanted, abs=1e-8)


def test_nearest_is_rank_one_of_all():
    ours, others = near(10.0, 20.0, 50, 15.0)
    everything = cross_match(*ours, *others, radius_arcsec=5.0, keep="all")
    nearest = cross_match(*ours, *others, radius_arcsec=5.0)
    assert np.unique(nearest.index).size == nearest.index.size
    for row in np.unique(everything.index):
        mine = everything.index == row
        np.testing.assert_array_equal(everything.rank[mine], np.arange(mine.sum()) + 1)
        assert np.all(np.diff(everything.separation_arcsec[mine]) >= 0)
        first = everything.other_index[mine][np.argmin(everything.separation_arcsec[mine])]
        assert nearest.other_index[nearest.index == row] == first


def test_known_separations():
    # one arcsec in RA at declination 60 is half an arcsec on the sky; RA 359.9999 and 0.0001 are 0.72 arcsec apart
    found = cross_match([10, 359.9999], [60, 0], [10 + 1 / 3600, 0.0001], [60, 0], radius_arcsec=2)
    np.testing.assert_allclose(found.separation_arcsec, [0.5, 0.72], rtol=1e-6)


def test_antipodal_meridians_meet_at_the_pole():
    offset = 1 / 3600
    found = cross_match([0.0], [90 - offset], [180.0], [90 - offset], radius_arcsec=3)
    assert found.separation_arcsec == pytest.approx([2.0], abs=1e-6)


def test_the_radius_is_included_and_equal_distances_keep_the_order():
    found = cross_match([0.0], [0.0], [0, 0, 0], [2 / 3600, 1 / 3600, -1 / 3600], radius_arcsec=2.0000001, keep="all")
    assert found.other_index.tolist() == [1, 2, 0]
    assert cross_match([0.0], [0.0], [0.0], [0.0], radius_arcsec=1).separation_arcsec.tolist() == [0]
    assert cross_match([0.0], [0.0], [0.0], [2 / 3600], radius_arcsec=1.9999999).index.size == 0


def test_unknown_positions_match_nothing():
    found = cross_match([np.nan, 5.0], [0.0, 5.0], [5.0, np.nan], [5.0, 5.0], radius_arcsec=1)
    assert (found.index.tolist(), found.other_index.tolist()) == ([1], [0])
    for ours, others in ((([], []), ([1.0], [1.0])), (([1.0], [1.0]), ([np.nan], [np.nan]))):
        assert cross_match(*ours, *others, radius_arcsec=1).index.size == 0


@pytest.mark.parametrize("radius", [0.0, -1.0, 90 * 3600.0, np.nan])
def test_radius_must_make_sense(radius):
    with pytest.raises(DataError, match="radius"):
        cross_match([0.0], [0.0], [0.0], [0.0], radius)


def test_declinations_beyond_the_poles_are_refused():
    with pytest.raises(DataError, match="received 91"):
        cross_match([0.0], [91.0], [0.0], [0.0], 1.0)


def test_the_catalog_keeps_objects_without_a_match():
    columns = {"id": np.array(["a", "b", "c"]), "ra": np.array([10.0, 20.0, 30.0]), "dec": np.zeros(3)}
    other = {"ra": np.array([30.0002, 10.0, 30.0]), "dec": np.zeros(3)}
    matches = cross_match(columns["ra"], columns["dec"], other["ra"], other["dec"], 1.0, keep="all")
    joined = joined_with_matches(columns, matches, np.array([7, 8, 9]))
    assert joined["id"].tolist() == ["a", "b", "c", "c"]
    assert joined["match_id"].tolist() == ["8", "", "9", "7"]
    assert joined["match_rank"].tolist() == [1, None, 1, 2]
    np.testing.assert_allclose(joined["match_separation_arcsec"], [0, np.nan, 0, 0.72], atol=1e-6)
    table = candidate_table(joined, {})
    assert table["match_rank"].mask.tolist() == [False, True, False, False]
    assert table["match_id"].meta["ucd"] == "meta.id.cross"
