"""Recipes: every file checked, every network with one, and their values where a pipeline file says nothing."""

import math

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.networks import registry
from astrocnn.resources import config_folder
from astrocnn.stages.train import Parameters
from astrocnn.training.optimizer import AdamW, Sgd
from astrocnn.training.recipe import load_recipe, read_recipe, recipe_defaults, recipe_names
from astrocnn.training.schedule import InverseTimeSchedule, PiecewiseSchedule

FOLDER = config_folder() / "recipes"
OF_THE_ZOO = [name for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.networks.")]


def parameters(**values):
    return Parameters.model_validate({"samples": (), **values})


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_one_and_has_a_source_for_each_number(name):
    recipe = read_recipe(name)
    assert recipe.network == name
    told = YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text())
    assert set(told) - {"version", "network", "differs", "sources"} == set(told["sources"]) - {"paper"}
    assert all(len(source) > 5 for source in told["sources"].values())
    assert parameters(network=name).effective()["batch_size"] == told["batch_size"]


@pytest.mark.parametrize("name", OF_THE_ZOO)
def test_every_network_of_the_zoo_has_a_recipe(name):
    assert name in recipe_names()


def test_what_was_not_verified_says_so():
    """The papers of Petrillo et al. could not be read, and no code of theirs is public."""
    for name in ("petrillo2017", "petrillo2019"):
        recipe = read_recipe(name)
        assert all("unverified" in text for key, text in recipe.sources.items() if key != "paper")


def test_deeplens():
    recipe = read_recipe("deeplens")
    assert (recipe.batch_size, recipe.epochs, recipe.loss, recipe.clip_sigma) == (128, 120, "binary_crossentropy", 250)
    assert (recipe.schedule.divide_by, recipe.schedule.every_epochs) == (10, 40)
    assert recipe.augment.zoom[1] == pytest.approx(1 / 0.9, rel=1e-3)


def test_dieleman_counts_chunks_as_epochs():
    """2500 chunks of 10,000 of 55,421 images; the rate falls at chunk 1800 and 2300."""
    recipe = read_recipe("dieleman")
    passes = [chunk * 10_000 / 55_421 for chunk in (1800, 2300, 2500)]
    assert recipe.schedule == PiecewiseSchedule(at_epochs=recipe.schedule.at_epochs, factors=(0.1, 0.01))
    assert [*recipe.schedule.at_epochs, recipe.epochs] == pytest.approx(passes, abs=0.1)
    assert recipe.optimizer == Sgd(momentum=0.9, nesterov=True)
    assert recipe.augment.shift_px == pytest.approx(4 / 3, abs=1e-3)
    assert math.prod(recipe.augment.zoom) == pytest.approx(1, abs=1e-4)
    # half of the vector in the authors' code, for a deviate of N(0, 0.5)
    assert recipe.augment.color_noise == pytest.approx([-0.0148366 / 2, -0.01253134 / 2, -0.01040762 / 2], abs=1e-6)


def test_pearson_is_keras_1_written_out():
    for name in ("pearson", "mlp", "wavelet-mlp", "pearson-tess"):
        recipe = read_recipe(name)
        assert recipe.optimizer == Sgd(momentum=0.25, nesterov=True)
        assert (recipe.learning_rate, recipe.schedule) == (0.1, InverseTimeSchedule(decay=1e-4))
        assert recipe.normalise == "object"
        assert (recipe.batch_size, recipe.epochs) == ((32, 25) if name == "pearson-tess" else (128, 30))


def test_a_paper_s_recipe_fills_in_what_a_file_leaves_out():
    """Lanusse et al. 2018 and their code; the clipping from Metcalf et al. 2019: 250 sigma."""
    effective = parameters(network="deeplens").effective()
    assert effective["epochs"] == 120
    assert effective["batch_size"] == 128
    assert effective["learning_rate"] == 1e-3
    assert effective["optimizer"]["name"] == "adam"
    assert effective["schedule"] == {"kind": "step", "divide_by": 10.0, "every_epochs": 40}
    assert effective["clip_sigma"] == 250
    assert effective["augment"]["zoom"] == [1.0, 1.1111]


def test_the_file_goes_before_the_recipe_key_by_key():
    """A key of the file replaces the recipe's as a whole: its augmentation has no zoom then."""
    effective = parameters(
        network="deeplens", epochs=3, schedule={"kind": "cosine"}, clip_sigma=None, augment={"shift_px": 2.0}
    ).effective()
    assert effective["epochs"] == 3
    assert effective["schedule"]["kind"] == "cosine"
    assert effective["clip_sigma"] is None
    assert effective["augment"]["zoom"] == [1.0, 1.0]
    assert effective["batch_size"] == 128


def test_a_network_without_a_recipe_needs_its_values_stated():
    assert recipe_defaults("pocket") == {}
    with pytest.raises(ValidationError) as caught:
        parameters(network="pocket")
    missing = {error["loc"][0] for error in caught.value.errors() if error["type"] == "missing"}
    assert missing == {"epochs", "batch_size", "learning_rate", "schedule"}


def test_a_network_can_be_trained_by_the_recipe_of_another():
    borrowed = parameters(network="pocket", recipe="convnext")
    assert borrowed.optimizer == AdamW(weight_decay=0.05)
    assert "recipe" not in borrowed.effective(), "what it stands for is part of the identity, not its name"
    stated = {name: getattr(borrowed, name) for name in ("epochs", "batch_size", "learning_rate", "schedule")}
    assert parameters(network="pocket", optimizer=borrowed.optimizer, **stated).effective() == borrowed.effective()


def test_an_unknown_recipe_is_told_with_the_nearest_name():
    with pytest.raises(ValidationError, match="did you mean lastro"):
        parameters(network="pocket", recipe="lastr")
    with pytest.raises(UnknownName, match="did you mean deeplens"):
        read_recipe("deeplenz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": {"paper": "here"}}, "says nothing of augment, batch_size"),
        ({"clip_sigma": 5}, "says nothing of clip_sigma"),
        ({"views": 3}, "views"),
        ({"epoch": 3}, "epoch: Extra inputs"),
        ({"version": 2}, "version"),
        ({"optimizer": {"name": "sdg"}}, "optimizer"),
        ({"batch_size": "many"}, "batch_size"),
    ],
)
def test_a_wrong_recipe_names_its_key(tmp_path, changes, message):
    yaml = YAML(typ="safe", pure=True)
    told = yaml.load((FOLDER / "convnext.yaml").read_text())
    with (tmp_path / "mine.yaml").open("w") as stream:
        yaml.dump({**told, **changes}, stream)
    with pytest.raises(PipelineFileError, match=rf"mine\.yaml.*{message}"):
        load_recipe(tmp_path / "mine.yaml")


def test_a_source_of_what_is_not_stated_is_refused(tmp_path):
    text = (FOLDER / "convnext.yaml").read_text() + '  clip_sigma: "of nothing"\n'
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(PipelineFileError, match=r"speaks of clip_sigma"):
        load_recipe(tmp_path / "mine.yaml")
    (tmp_path / "mine.yaml").write_text("network: [")
    with pytest.raises(PipelineFileError, match="cannot be read"):
        load_recipe(tmp_path / "mine.yaml")
