"""Meta are complete, consistent, and the same after JSON."""

import json

import pytest
from pydantic import ValidationError

from astrocnn.samples.meta import SampleMeta

LENSES = {
    "kind": "images",
    "shape": (45, 45, 3),
    "bands": ("g", "r", "i"),
    "scale": 0.2,
    "scale_unit": "arcsec",
    "flux_unit": "electron / s",
    "zero_points": {"g": 28.5, "i": 27.9},
    "classes": ("galaxy", "lens"),
    "positive": "lens",
    "extent": {"value": 7.5, "unit": "arcsec", "what": "diameter of 95 % of the lensed flux"},
    "notes": {"stretch": {"kind": "asinh", "softening": 0.1}, "tiles": ["a", "b"]},
}
CURVES = {"kind": "curves", "shape": (180, 1), "bands": ("flux",)}


@pytest.mark.parametrize("keywords", [LENSES, CURVES])
def test_json_round_trip(keywords):
    meta = SampleMeta(**keywords)
    text = meta.model_dump_json()
    assert SampleMeta.model_validate(json.loads(text)) == meta
    assert SampleMeta.model_validate_json(text).model_dump() == meta.model_dump()


def test_positive_label_counts_the_classes():
    assert SampleMeta(**LENSES).positive_label == 1
    assert SampleMeta(**CURVES).positive_label is None


def test_extent_reads_as_a_dictionary():
    assert SampleMeta(**LENSES).extent["value"] == 7.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (45, 45)}, r"shape \(y, x, band\)"),
        ({"kind": "curves"}, r"shape \(time, channel\)"),
        ({"shape": (45, 0, 3)}, "greater than 0"),
        ({"bands": ("g", "r", "g")}, "each band once"),
        ({"bands": ("g", "r")}, "3 bands"),
        ({"scale": 0.0}, "greater than 0"),
        ({"scale": float("inf")}, "finite"),
        ({"scale": None}, "together or neither"),
        ({"scale_unit": None}, "together or neither"),
        ({"scale_unit": "parsec"}, "'arcsec', 'hour', 'km'"),
        ({"zero_points": {"z": 25.0}}, r"received \['z'\]"),
        ({"zero_points": {"g": float("nan")}}, "finite"),
        ({"classes": ("lens", "lens")}, "each class once"),
        ({"positive": "ring"}, "'ring'"),
        ({"extent": {"value": -1, "unit": "arcsec", "what": "ring"}}, "greater than 0"),
        ({"extent": {"value": 1}}, "unit"),
        ({"notes": {"object": object()}}, "JSON"),
        ({"band": "g"}, "Extra inputs"),
    ],
)
def test_inconsistent_meta_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        SampleMeta(**(LENSES | change))


def test_meta_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        SampleMeta(**CURVES).scale = 1.0
