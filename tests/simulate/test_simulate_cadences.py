"""The shipped cadences, and what a file may not say."""

import pytest
from pydantic import ValidationError

from astrocnn.errors import UnknownName
from astrocnn.simulate.cadences import Cadence, cadence_names, load_cadence


@pytest.mark.parametrize(
    ("name", "minutes"), [("kepler-long", 29.4244), ("kepler-short", 0.98083), ("tess-2min", 2.0), ("tess-30min", 30.0)]
)
def test_shipped_cadences_have_the_interval_of_their_mission(name, minutes):
    cadence = load_cadence(name)
    assert 60 * cadence.interval_hour == pytest.approx(minutes, rel=1e-4)
    assert cadence.exposure_day * 24 <= cadence.interval_hour * (1 + 1e-12)
    assert cadence.noise_ppm[0] < cadence.noise_ppm[1]


def test_a_long_cadence_is_thirty_short_ones():
    ratio = load_cadence("kepler-long").interval.value / load_cadence("kepler-short").interval.value
    assert ratio == pytest.approx(30, rel=1e-3)


def test_every_number_names_its_source():
    for name in cadence_names():
        cadence = load_cadence(name)
        assert cadence.title
        for number in (cadence.interval, cadence.exposure, cadence.lowest_noise, cadence.highest_noise):
            assert cadence.references[number.reference]
            assert number.comment


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean kepler-long"):
        load_cadence("kepler-lon")


def test_only_numbers_belong_to_the_content():
    assert load_cadence("tess-2min").content() == {
        "interval": 120.0, "exposure": 120.0, "lowest_noise": 330.0, "highest_noise": 10000.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"interval": {"value": 2, "unit": "min"}}, "positive number in s"),
        ({"exposure": {"value": 400, "unit": "s"}}, "exposure within the interval"),
        ({"lowest_noise": {"value": -1, "unit": "ppm"}}, "positive number in ppm"),
        ({"lowest_noise": {"value": 1e6, "unit": "ppm"}}, "lowest noise below the highest"),
    ],
)
def test_what_makes_no_sense_is_refused(change, expected):
    data = load_cadence("tess-2min").model_dump()
    for key, value in change.items():
        data[key] = data[key] | value
    with pytest.raises(ValidationError, match=expected):
        Cadence.model_validate(data)


def test_exposures_of_a_folded_curve_may_overlap():
    folded = load_cadence("kepler-folded")
    assert folded.exposure.value == load_cadence("kepler-long").exposure.value > folded.interval.value == 600
    with pytest.raises(ValidationError, match="exposure within the interval"):
        Cadence.model_validate(folded.model_dump() | {"folded": False})


def test_a_number_without_its_reference_is_refused():
    data = load_cadence("tess-2min").model_dump() | {"references": {"headers": "one of two"}}
    with pytest.raises(ValidationError, match="expected the key 'ricker'"):
        Cadence.model_validate(data)
