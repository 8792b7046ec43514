"""The Scores table: raw score of each network, mean, spread, calibrated probability and flags of each object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from astrocnn.parquet import read_parquet, write_parquet
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.calibration import tempered
from astrocnn.scoring.combine import class_columns
from astrocnn.scoring.flags import OUT_OF_FOLD, TRAINED_ON, UNCALIBRATED
from astrocnn.training.engines import Engine
from astrocnn.training.model_folder import TrainedModel, refuse_mismatch
from astrocnn.training.predict_model import ModelOutputs, predict_model

_TEXT, _WHOLE = ("id", "class"), ("flags", "fold")


def score_table(
    model: TrainedModel,
    samples: SampleSet,
    name: str,
    prevalence: float | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    engines: Sequence[Engine] | None = None,
) -> dict[str, np.ndarray]:
    """Score a set of objects.

    Parameters
    ----------
    model : TrainedModel
        Of classes.
    samples : SampleSet
        Of the bands and scale the model was trained on.
    name : str
        Name of the model; its raw scores stand in `score_<name>`, of several networks in `score_<name>_<number>`.
    prevalence : float, optional
        Expected share of positives, for the probability.
    progress : callable, optional
        Called as `progress(done, total, text)`.
    engines : sequence of Engine, optional
        Of the model's networks; Keras's by default.

    Returns
    -------
    dict of ndarray
        `id`, `score_<name>`, `mean` over networks, `spread` (over networks and views), `probability`, `flags`; NaN for
        an object with values that are not finite. The score is of the class that is searched for, or of the most
        probable where none is. Of more than two classes `mean_<class>`, the calibrated probability of each, and
        `class`, the most probable.
        Objects that were trained on, they or their group, are scored by the networks that left them out
        (flag `out_of_fold`), or carry the flag `trained_on` where there is none.

    Raises
    ------
    MismatchError
        When the data are not what the model was trained on, or the model gives numbers.
    """
    card = model.card
    card.refuse_numbers()
    refuse_mismatch(card, samples.meta, name)
    outputs = predict_model(model, samples, progress, engines)
    calibrated = None if card.temperature is None else tempered(outputs.mean, card.temperature)
    table = outputs_table(outputs, samples, name, card.classes, card.positive, calibrated)
    if card.calibration is not None:
        table["probability"] = card.calibration.probability(table["mean"], prevalence)
        table["flags"] &= ~UNCALIBRATED
    return table


def outputs_table(
    outputs: ModelOutputs, samples: SampleSet, name: str, classes: Sequence[str], positive: str | None = None,
    calibrated: np.ndarray | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The Scores table of what networks, or another method, say of objects.

    Parameters
    ----------
    outputs : ModelOutputs
        Of two classes one column, of more one each.
    samples : SampleSet
        The objects.
    name : str
        As in `score_table`.
    classes : sequence of str
    positive : str, optional
        The class that is searched for.
    calibrated : array (n, output), optional
        Calibrated outputs. Without them the probability is empty, and that is flagged.

    Returns
    -------
    dict of ndarray
        As `score_table`.
    """
    each_class = outputs.mean if calibrated is None else calibrated
    several = class_columns(classes, each_class) if len(classes) > 2 else {}
    if several and positive is None:
        column = np.argmax(np.nan_to_num(outputs.mean), axis=1)
    else:
        column = np.full(len(samples), list(classes).index(positive) if several and positive is not None else 0)
    rows = np.arange(len(samples))
    score, each = outputs.mean[rows, column], outputs.each[:, rows, column]
    flags = np.zeros(len(score), np.int32)
    if "flags" in samples.columns:
        flags = flags | samples.column("flags").astype(np.int32)
    flags = flags | np.where(outputs.trained_on, TRAINED_ON, 0) | np.where(outputs.out_of_fold, OUT_OF_FOLD, 0)
    if calibrated is None:
        probability, flags = np.full(len(score), np.nan), flags | UNCALIBRATED
    else:
        probability = each_class[rows, column]
    networks = {f"score_{name}": score} if len(each) == 1 else {
        f"score_{name}_{number + 1}": values for number, values in enumerate(each)
    }  # fmt: skip
    return {
        "id": samples.ids, **networks, "mean": score, "spread": outputs.spread[rows, column],
        "probability": probability, "flags": flags, **several,
    }  # fmt: skip


def write_scores(table: dict[str, np.ndarray], path: Path) -> None:
    """Write a Scores table as Parquet: float32 numbers, ids and classes as text."""
    import pyarrow

    columns = {
        name: pyarrow.array([str(value) for value in values], pyarrow.string()) if name in _TEXT
        else values.astype(np.int32 if name in _WHOLE else np.float32)
        for name, values in table.items()
    }  # fmt: skip
    write_parquet(pyarrow.table(columns), path)


def read_scores(path: Path) -> dict[str, np.ndarray]:
    """Read a Scores table."""
    table = read_parquet(path)
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
