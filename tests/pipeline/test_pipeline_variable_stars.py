"""The profiles of variable-stars: each is sound, and its test set is read, folded and represented as what is learnt."""

import pytest

from astrocnn.pipeline.config import find_pipeline, load_config

PROFILES = (None, "smoke", "position", "transients", "rr-lyrae-supernovae")
MADE = (
    "curves", "stars", "drawn", "pairs", "regular", "spectra", "described", "described_more", "forest", "forest_more",
)  # fmt: skip
OWN = {"curves", "splits", "samples", "test"}
"""What differs between the stages of the training set and those of the test set: where they take things from."""


def parameters(profile):
    """Parameters of each stage by its name."""
    stages = load_config("variable-stars", profile).stages
    return {name: stage.parameters.model_dump(exclude=OWN) for name, stage in stages.items()}


def test_all_profiles_are_known_here():
    from ruamel.yaml import YAML

    path, _ = find_pipeline("variable-stars")
    assert set(YAML(typ="safe").load(path)["profiles"]) == set(PROFILES[1:])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_test_set_is_made_as_the_training_set(profile):
    made = parameters(profile)
    for name in MADE:
        one, other = dict(made[name]), dict(made[f"test_{name}"])
        one.pop("folds_by", None)  # which folds, not what is learnt
        other.pop("folds_by", None)
        assert other == one, f"test_{name} in profile {profile}"


def test_transients_are_not_folded():
    made = parameters("transients")
    assert {made[name]["axis"] for name in ("drawn", "regular")} == {"time"}
    assert list(made["curves"]["classes"]) == ["SN", "CV", "AGN"]
    assert made["curves"]["classes"]["AGN"] == ("AGN", "Blazar")


def test_two_surveys_are_not_told_by_their_bands_or_errors():
    made = parameters("rr-lyrae-supernovae")
    assert made["curves"]["bands"] == ("g", "r")
    assert made["curves"]["rename_bands"] == {"R": "r"}
    for name in ("drawn", "pairs", "regular", "spectra"):
        numbers = made[name]["numbers"]
        assert not {"error", "median"} & set(numbers["of_bands"])
        assert set(numbers["columns"]) == {"period_day", "period_power"}, "the period is that which was looked for"
