"""The `train` stage on curves and on numbers: what check finds at its key, and a model that evaluate and score take."""

from pathlib import Path

import numpy as np
import pytest

from astrocnn.errors import MismatchError
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shards import ShardWriter
from astrocnn.training.model_folder import read_card
from astrocnn.training.scores import read_scores

NETWORKS = Path(__file__).parents[1] / "training" / "small_curve_networks.py"
TRAINING = {
    "use": "train", "samples": "${inputs.samples}", "network": "thread", "epochs": 2, "batch_size": 16,
    "learning_rate": 0.1, "optimizer": {"name": "sgd", "momentum": 0.25, "nesterov": True},
    "schedule": {"kind": "inverse_time", "decay": 1e-4}, "normalise": "object", "class_weight": "balanced",
    "covers_hour": 3.0,
}  # fmt: skip


def write(folder, shape, number=40, first=0, splits=("train", "train", "train", "validation"), **meta):
    """Noise, and a dip or a bright middle in every second object; a column `depth` of numbers."""
    kind = "curves" if len(shape) == 2 else "images"
    rng, label = np.random.default_rng(first), np.arange(number) % 2
    data = rng.normal(size=(number, *shape)).astype(np.float32)
    middle = (slice(None), *(slice(side // 2 - 4, side // 2 + 4) for side in shape[:-1]))
    data[middle] -= 3 * label.reshape(-1, *(1,) * len(shape))
    table = {
        "id": np.array([f"o{first + row}" for row in range(number)], object), "label": label.astype(np.int8),
        "split": np.array([splits[row // 2 % len(splits)] for row in range(number)], object), "depth": 3.0 * label,
    }  # fmt: skip
    bands = tuple("abcd"[: shape[-1]])
    unit = "hour" if kind == "curves" else "arcsec"
    described = {"scale": 0.5, "scale_unit": unit, "classes": ("quiet", "transit"), "positive": "transit", **meta}
    folder.mkdir()
    with ShardWriter(folder / "samples.h5", SampleMeta(kind=kind, shape=shape, bands=bands, **described)) as writer:
        writer.append(data, table)
    return str(folder)


@pytest.fixture
def curves(project):
    """A training on 40 curves of 48 samples of half an hour."""
    project.data["plugins"] = [str(NETWORKS)]
    project.data["inputs"] = {"samples": write(project.root / "curves", (48, 1))}
    project.stages = {"finder": dict(TRAINING)}
    return project


@pytest.fixture
def images(project):
    """A training of numbers on 40 stamps of 20 x 16 px."""
    project.data["plugins"] = [str(NETWORKS)]
    project.data["inputs"] = {"samples": write(project.root / "images", (20, 16, 2))}
    own = {"network": "gauge", "normalise": "set", "augment": {"rotate": "none"}, "targets": ["depth"]}
    project.stages = {"finder": {**TRAINING, **own, "class_weight": "none", "covers_arcsec": 3.0}}
    del project.stages["finder"]["covers_hour"]
    return project


def errors_of(project, **changes):
    settings = {**project.stages["finder"], **changes}
    project.stages["finder"] = {key: value for key, value in settings.items() if value is not None}
    return [one.text for one in project.problems() if one.level == "error"]


def test_curves_are_trained_on_evaluated_and_scored(curves):
    curves.data["inputs"]["more"] = write(curves.root / "more", (40, 1), first=100, splits=("test",))
    curves.stages["finder"] |= {"input_px": 40, "augment": {"shift_samples": 4, "reverse": True}, "views": 2}
    curves.stages["skill"] = {"use": "evaluate", "model": "finder", "samples": "${inputs.more}", "resamples": 100}
    curves.stages["scores"] = {"use": "score", "model": "finder", "samples": "${inputs.more}"}
    run = curves.run()
    card = read_card(run["finder"].folder)
    assert (card.kind, card.axes_px, card.recipe["optimizer"]["name"]) == ("curves", (40,), "sgd")
    assert (card.receptive_field["had"], card.receptive_field["unit"]) == (11 * 0.5, "hour")
    table = read_scores(run["scores"].folder / "scores.parquet")
    assert len(table["mean"]) == 40
    assert np.isfinite(table["probability"]).all()
    assert sum(run["skill"].ledger["scored"].values()) == 40


def test_the_gate_judges_curves_in_hours(curves):
    assert errors_of(curves) == []
    (error,) = errors_of(curves, covers_hour=6.0)
    assert "needs 6 hour" in error
    assert "= 5.5 hour" in error


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"input_px": 40, "augment": {"shift_samples": 5}}, "input_px", "curves of 48 samples are too small to shift"),
        ({"augment": {"rotate": "quarter"}}, "augment", "rotate changes no curves"),
        ({"augment": {"zoom": [0.9, 1.1], "flip": True}}, "augment", "flip, zoom change no curves"),
        ({"augment": {"color_noise": [0.1, 0.2]}}, "augment", "color_noise has 2 numbers for 1 bands"),
        ({"views": 4}, "views", "1 or 2 exact views"),
        ({"targets": ["depth"], "class_weight": "none"}, "targets", "thread: it tells classes"),
        ({"network": "gauge"}, "network", "gauge: it gives fractions; to fix, name the columns"),
        ({"network": "chart"}, "network", "chart: it gives a map"),
    ],
)
def test_what_cannot_be_trained_is_told_at_its_key(curves, changes, key, words):
    errors = errors_of(curves, **changes)
    (error,) = [one for one in errors if words in one]
    assert f"finder.{key}: " in error
    assert "small.yaml:" in error


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "lastr"}, r"finder\.recipe: there is no recipe 'lastr'; did you mean lastro"),
        ({"optimizer": {"name": "sgd", "momentun": 0.9}}, r"momentun: unknown key; did you mean momentum"),
        ({"optimizer": {"momentum": 0.9}}, r"finder\.optimizer: the key name is missing"),
        (
            {"optimizer": {"name": "sdg"}},
            r"finder\.optimizer\.name: expected one of adam, adamw, sgd; received 'sdg'; did you mean sgd\?",
        ),
        ({"schedule": {"kind": "piecewise", "at_epochs": [3], "factors": [0.1, 0.2]}}, "expected a factor for each"),
        ({"augment": {"zoom": [1.2, 1.0]}}, "ascending order"),
        ({"class_weight": "fair"}, "class_weight"),
        ({"normalise": "curve"}, "normalise"),
        ({"targets": ["depth"]}, "class_weight: balanced is of classes, and targets: names numbers"),
    ],
)
def test_wrong_values_are_told(curves, changes, message):
    with pytest.raises(PipelineFileErrors, match=message):
        errors_of(curves, **changes)


def test_numbers_are_trained_on_and_refused_as_scores(images):
    assert errors_of(images) == []
    images.stages["scores"] = {"use": "score", "model": "finder", "samples": "${inputs.samples}"}
    run = images.run(to_stage="finder")
    card = read_card(run["finder"].folder)
    assert (card.targets, card.classes, card.input_size) == (("depth",), (), (20, 16))
    assert set(card.metrics) == {"loss", "validation_loss", "validation_rmse"}
    with pytest.raises(MismatchError, match=r"the model gives numbers.*one of depth"):
        images.run()


def test_stamps_that_are_not_square_are_not_turned(images):
    (error,) = errors_of(images, augment=None)
    assert "an input of 20 x 16 px cannot be turned; to fix, set augment.rotate: none" in error
