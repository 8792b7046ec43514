"""The `train` stage: the gate before any compute, models that are imported, and models that are trained on."""

import json
from pathlib import Path

import numpy as np
import pytest

from astrocnn.errors import ReceptiveFieldError
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.stages.train import Parameters
from astrocnn.training.model_folder import load_model, read_card
from astrocnn.training.recipe import read_recipe

GOLDEN_MODELS = Path(__file__).parents[1] / "training" / "golden_models"


@pytest.fixture
def sky(project):
    """A tile, and the stages up to the training; nothing is run before the file is right."""
    project.add_tile("north", 1)
    return project.use("galaxies", "lenses", "finder")


def problems_of(sky, **changes):
    """Problems of the file with changes of `finder`; None takes a key out."""
    settings = {**sky.stages["finder"], **changes}
    sky.stages["finder"] = {key: value for key, value in settings.items() if value is not None}
    return sky.problems()


def errors_of(sky, **changes):
    return [one.text for one in problems_of(sky, **changes) if one.level == "error"]


def test_a_field_smaller_than_the_lens_stops_the_run_before_compute(sky):
    """One convolution of 5 px is 1 arcsec: less than a lens of 2 x 0.7 arcsec and more."""
    (error,) = errors_of(sky, options={"depth": 1})
    assert "finder.input_px" in error
    assert "receptive field of pocket has 5 px = 1 arcsec" in error
    assert "global_pool pools what no feature sees as a whole" in error
    assert "To fix" in error
    with pytest.raises(PipelineFileErrors, match="receptive field"):
        sky.run()
    assert not (sky.runs / "small" / "galaxies").exists()


def test_a_stated_extent_goes_before_that_of_the_simulation(sky):
    assert errors_of(sky, options={"depth": 1}, covers_arcsec=0.9) == []
    (error,) = errors_of(sky, options={"depth": 1}, covers_arcsec=1.2)
    assert "needs 1.2 arcsec" in error


def test_an_input_smaller_than_the_object_is_an_error(sky):
    (error,) = errors_of(sky, input_px=8, covers_arcsec=3.0)
    assert "the input of 8 px is 1.6 arcsec, smaller than the object of 3 arcsec" in error


def test_an_extent_in_another_unit_is_not_ignored(sky):
    (error,) = errors_of(sky, covers_hour=3.0)
    assert "covers_hour" in error
    assert "arcsec" in error


def test_the_policy_softens_a_dense_layer_over_a_small_field_and_nothing_else(sky):
    (error,) = errors_of(sky, network="slab")
    assert "one dense layer" in error
    softened = problems_of(sky, network="slab", receptive_field="warn")
    assert [one.level for one in softened] == ["warning"]
    assert "5 px = 1 arcsec" in softened[0].text
    assert errors_of(sky, network="pocket", options={"depth": 1}, receptive_field="warn"), "pooling is not softened"


def test_the_verdict_stands_in_the_model(whole_run):
    field = read_card(whole_run[1]["finder"].folder).receptive_field
    extent = whole_run[1]["lenses"].samples.meta.extent["value"]
    assert field["needed"] == pytest.approx(extent)
    assert field["had"] == pytest.approx(29 * 0.2)
    assert (field["unit"], field["policy"], field["level"]) == ("arcsec", "error", "warning")
    stored = json.loads((whole_run[1]["finder"].folder / "receptive_field.json").read_text())
    assert stored["verdict"] == field


def test_stamps_too_small_to_be_turned_are_an_error(sky):
    """18 px in 24 px stamps: a turn needs 18 * sqrt(2) = 25.5, so 26."""
    (error,) = errors_of(sky, input_px=18)
    assert "stamps of 24 px are too small" in error
    assert "26 px" in error
    assert errors_of(sky, input_px=18, augment={"rotate": "quarter"}) == []
    (error,) = errors_of(sky, input_px=18, augment={"rotate": "quarter", "shift_px": 4.0})
    assert "26 px" in error
    (error,) = errors_of(sky, input_px=None, augment=None)
    assert "finder.augment" in error or "stages.finder" in error
    assert "34 px" in error  # 24 * sqrt(2) = 33.9


def test_an_input_that_cannot_stand_in_the_middle_is_an_error(sky):
    errors = errors_of(sky, input_px=15, covers_arcsec=2.5)
    assert ["an input of 15 px cannot stand in the middle of 24 px" in error for error in errors] == [True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "pockett"}, "pocket"),
        ({"options": {"filter": 3}}, "filters"),
        ({"options": {"depth": 9}}, "depth"),
        ({"network": "deeplens"}, "does not serve this input shape"),
    ],
)
def test_a_network_that_cannot_be_built_is_told_before_compute(sky, changes, message):
    (error,) = errors_of(sky, **changes)
    assert message in error


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": None}, "expected network: or from:"),
        ({"fine_tune": True}, "fine_tune needs from:"),
        ({"epochs": -1}, "epochs"),
        ({"schedule": {"kind": "linear"}}, "schedule"),
        ({"augment": {"rotate": "some"}}, "rotate"),
        ({"views": 3}, "views"),
        ({"receptive_field": "off"}, "receptive_field"),
    ],
)
def test_wrong_parameters_are_told(sky, changes, message):
    with pytest.raises(PipelineFileErrors, match=message):
        problems_of(sky, **changes)


def test_nothing_to_train_is_worth_a_warning(sky):
    texts = [one.text for one in problems_of(sky, epochs=0) if one.level == "warning"]
    assert any("0 epochs" in text for text in texts)


def test_an_absent_model_is_no_reason_to_leave_out_the_epochs():
    """Else a network without a recipe would be "trained" for none."""
    from astrocnn.pipeline.stage import InputValue, Reference

    absent = (Reference(outside=InputValue("model", None, None)),)
    given = (Reference(outside=InputValue("model", "folder", None)),)
    with pytest.raises(ValueError, match="epochs"):
        Parameters.model_validate({"from": absent, "network": "pocket"})
    assert Parameters.model_validate({"from": given}).epochs == 0
    with pytest.raises(ValueError, match="epochs"):
        Parameters.model_validate({"from": given, "network": "pocket", "fine_tune": True})


def told_by_check(sky, **changes):
    """Lines that `astrocnn check` prints of the training."""
    from astrocnn.pipeline.config import load_config
    from astrocnn.pipeline.plan import make_plan
    from astrocnn.pipeline.store import Store

    problems_of(sky, **changes)
    plan = make_plan(load_config(sky.file), Store(sky.runs / "small"))["finder"]
    return list(plan.entry.stage.report_check(plan.entry.parameters, plan.scene))


def test_check_tells_what_the_network_sees_and_where_its_layers_are(sky):
    head, sees, must_see, takes_in, layers = told_by_check(sky, options={"filters": 3}, covers_arcsec=2.5)
    assert head == "receptive field of pocket: warning"
    assert (sees.split(), must_see.split(), takes_in.split()) == (
        ["sees", "5.8", "arcsec"], ["must", "see", "2.5", "arcsec"], ["takes", "in", "3.2", "arcsec"],
    )  # fmt: skip
    command = "astrocnn field pocket --size 16 --bands 2 --option filters=3 --scale 0.2arcsec --covers 2.5arcsec"
    assert layers.endswith(command)
    assert "(largest simulated lens" in told_by_check(sky, covers_arcsec=None)[2]


@pytest.fixture
def with_model(sky, whole_run):
    """That project with the trained model of another run as an input."""
    sky.data["inputs"]["model"] = str(whole_run[1]["finder"].folder)
    sky.stages["finder"]["from"] = "${inputs.model}"
    return sky


def test_an_imported_model_is_taken_as_it_is_and_its_training_set_not_made(with_model, whole_run):
    with_model.use("galaxies", "lenses", "finder", "scores", finder={"from": "${inputs.model}"})
    run = with_model.run()
    assert {view.name: view.state for view in run} == {
        "galaxies": "made", "lenses": "skipped", "finder": "made", "scores": "made",
    }  # fmt: skip
    for name in ("network.keras", "model.yaml", "trained_on.csv"):
        assert (run["finder"].folder / name).read_bytes() == (whole_run[1]["finder"].folder / name).read_bytes()


def test_check_tells_what_was_found_of_an_imported_model(with_model, whole_run):
    head, layers = told_by_check(with_model)
    assert head == "receptive field of pocket, trained: warning"
    assert layers.split() == ["layers", "astrocnn", "field", str(whole_run[1]["finder"].folder)]


def test_an_absent_model_needs_a_network_to_train(with_model):
    with_model.data["inputs"]["model"] = None
    (error,) = errors_of(with_model, network=None)
    assert "finder.network: is needed where no model is given" in error


def test_fine_tuning_needs_samples(with_model):
    with_model.use("finder", finder={"from": "${inputs.model}", "fine_tune": True})
    (error,) = errors_of(with_model, samples=None)
    assert "finder.samples: is needed to fine-tune" in error


def test_an_absent_model_is_trained(with_model):
    with_model.data["inputs"]["model"] = None
    run = with_model.run()
    assert run["lenses"].state == "made"
    assert read_card(run["finder"].folder).network == "pocket"


def test_a_model_trained_on_keeps_its_network_and_gets_other_weights(with_model, whole_run):
    finder = {"from": "${inputs.model}", "fine_tune": True, "network": None, "input_px": None, "epochs": 1}
    settings = {**with_model.stages["finder"], **finder}
    with_model.stages["finder"] = {key: value for key, value in settings.items() if value is not None}
    run = with_model.run()
    old, new = load_model(whole_run[1]["finder"].folder), load_model(run["finder"].folder)
    assert (new.card.network, new.card.options, new.card.size_px) == ("pocket", {}, 16)
    assert new.card.normalisation == old.card.normalisation
    weights = zip(new.network.get_weights(), old.network.get_weights(), strict=True)
    assert any((one != other).any() for one, other in weights)
    assert set(old.trained.ids) <= set(new.trained.ids)
    assert set(run["lenses"].samples.split("train").ids) <= set(new.trained.ids)


def parameters_of(project, name="finder"):
    from astrocnn.pipeline.config import load_config

    return load_config(project.write()).stages[name].parameters


def test_a_model_trained_on_brings_the_recipe_of_its_network(sky):
    recipe = read_recipe("deeplens")
    first = {"use": "train", "samples": "lenses", "network": "deeplens", "epochs": 5}
    other = {"use": "train", "samples": "lenses", "from": "first", "fine_tune": True, "batch_size": 16}
    last = {"use": "train", "samples": "lenses", "from": "other", "fine_tune": True}
    sky.use("galaxies", "lenses", last=last, other=other, first=first)
    assert (parameters_of(sky, "first").epochs, parameters_of(sky, "first").batch_size) == (5, recipe.batch_size)
    assert (parameters_of(sky, "other").epochs, parameters_of(sky, "other").batch_size) == (recipe.epochs, 16)
    assert parameters_of(sky, "last").schedule == recipe.schedule
    last["recipe"] = "petrillo2017"
    sky.use("galaxies", "lenses", last=last, other=other, first=first)
    assert parameters_of(sky, "last").batch_size == read_recipe("petrillo2017").batch_size


def test_so_does_one_from_elsewhere(sky):
    sky.data["inputs"]["model"] = str(GOLDEN_MODELS / "petrillo2017")
    sky.use("galaxies", "lenses", finder={"use": "train", "samples": "lenses", "from": "${inputs.model}"})
    assert parameters_of(sky).epochs == 0, "nothing is trained"
    sky.stages["finder"]["fine_tune"] = True
    assert parameters_of(sky).epochs == read_recipe("petrillo2017").epochs


@pytest.mark.parametrize("given", ["second", "finder", "${inputs.model}", "${inputs.nothing}"])
def test_a_model_without_a_recipe_brings_none(sky, given):
    """One of another's network, of a stage that follows this one or is itself, or of a folder that is no model."""
    from astrocnn.pipeline.config import load_config

    sky.data["inputs"] |= {"model": str(sky.root), "nothing": None}
    circle = {"use": "train", "samples": "lenses", "from": "finder", "fine_tune": True, "epochs": 1, "batch_size": 1}
    finder = {"use": "train", "samples": "lenses", "from": given, "fine_tune": True}
    sky.use("galaxies", "lenses", second=circle, finder=finder)
    with pytest.raises(PipelineFileErrors, match=r"stages\.finder\.epochs"):
        load_config(sky.write())


def test_a_model_whose_card_is_damaged_is_told(sky):
    (sky.root / "model").mkdir()
    (sky.root / "model" / "model.yaml").write_text("network: [")
    sky.data["inputs"]["model"] = str(sky.root / "model")
    sky.use("galaxies", "lenses", finder={"use": "train", "samples": "lenses", "from": "${inputs.model}"})
    with pytest.raises(PipelineFileErrors, match=r"stages\.finder: .*model.*model.yaml"):
        problems_of(sky, fine_tune=True)


def test_the_gate_judges_the_network_that_is_trained_on(with_model):
    errors = errors_of(with_model, fine_tune=True, network=None, input_px=None, covers_arcsec=4.0)
    assert any("the input of 16 px is 3.2 arcsec" in error for error in errors)
    told = problems_of(with_model, fine_tune=True, network="slab", covers_arcsec=2.0)
    assert any("slab is not used" in one.text for one in told if one.level == "warning")


@pytest.fixture
def outside(sky, tmp_path):
    """Labelled samples from elsewhere, through `inputs`."""
    meta = SampleMeta(
        kind="images", shape=(24, 24, 2), bands=("g", "r"), scale=0.2, scale_unit="arcsec", classes=("no", "yes"),
        positive="yes", extent={"value": 1.5, "unit": "arcsec", "what": "largest object"},
    )  # fmt: skip
    number = 40
    path = tmp_path / "outside" / "samples.h5"
    path.parent.mkdir()
    split = np.where(np.arange(number) % 10 < 6, "train", "validation").astype(object)
    with ShardWriter(path, meta) as writer:
        table = {
            "id": np.array([f"o{k}" for k in range(number)], object),
            "label": np.arange(number) % 2,
            "split": split,
        }
        writer.append(np.random.default_rng(0).normal(size=(number, 24, 24, 2)).astype(np.float32), table)
    sky.data["inputs"] = {"samples": str(path.parent)}
    sky.use("finder", finder={"samples": "${inputs.samples}"})
    return sky


def test_samples_from_outside_are_judged_by_what_they_say(outside):
    assert errors_of(outside) == []
    (error,) = errors_of(outside, options={"depth": 1})
    assert "needs 1.5 arcsec" in error
    (error,) = errors_of(outside, options={}, input_px=18)
    assert "too small to turn" in error


def test_samples_from_outside_can_be_trained_on(outside):
    run = outside.run()
    card = read_card(run["finder"].folder)
    assert card.classes == ("no", "yes")
    assert run["finder"].ledger == {"read": {"train": 24, "validation": 16}}
    assert set(load_model(run["finder"].folder).trained.ids) == set(SampleSet.open(outside.root / "outside").ids)


def test_the_gate_is_asked_again_when_training_starts(outside, monkeypatch):
    """A stage that is called from Python has passed no check."""
    from astrocnn.pipeline.config import load_config
    from astrocnn.pipeline.ledger import Ledger
    from astrocnn.pipeline.plan import make_plan
    from astrocnn.pipeline.stage import Task
    from astrocnn.pipeline.store import Store

    assert errors_of(outside, options={"depth": 1})
    plan = make_plan(load_config(outside.file), Store(outside.runs / "small"))["finder"]
    task = Task(plan.entry.parameters, plan.scene, outside.root, outside.root, Ledger(), lambda *_: None)
    with pytest.raises(ReceptiveFieldError, match=r"stages\.finder"):
        plan.entry.stage.run(task)
