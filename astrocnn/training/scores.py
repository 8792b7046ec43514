"""The Scores table: raw score, spread over views, calibrated probability and flags of each object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from astrocnn.parquet import read_parquet, write_parquet
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.flags import TRAINED_ON, UNCALIBRATED
from astrocnn.training.engines import Engine, scoring_engine
from astrocnn.training.model_folder import TrainedModel, refuse_mismatch
from astrocnn.training.predict import predict_set


def score_table(
    model: TrainedModel,
    samples: SampleSet,
    name: str,
    prevalence: float | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    engine: Engine | None = None,
) -> dict[str, np.ndarray]:
    """Score a set of objects.

    Parameters
    ----------
    model : TrainedModel
        With a class that is searched for.
    samples : SampleSet
        Of the bands and scale the model was trained on.
    name : str
        Name of the model; its raw scores stand in `score_<name>`.
    prevalence : float, optional
        Expected share of positives, for the probability.
    progress : callable, optional
        Called as `progress(done, total, text)`.
    engine : Engine, optional
        Of the model's network; Keras's by default.

    Returns
    -------
    dict of ndarray
        `id`, `score_<name>`, `mean` over networks, `spread` (over views), `probability`, `flags`; NaN for an object
        with values that are not finite. Objects that were trained on, they or their group, carry the flag `trained_on`.

    Raises
    ------
    MismatchError
        When the data are not what the model was trained on.
    """
    card = model.card
    refuse_mismatch(card, samples.meta, name)
    mean, spread = predict_set(
        engine or scoring_engine(model.network), samples, card.normalisation, card.axes_px, card.views, progress
    )
    score, spread = mean[:, card.positive_output], spread[:, card.positive_output]
    flags = np.zeros(len(score), np.int32)
    if "flags" in samples.columns:
        flags = flags | samples.column("flags").astype(np.int32)
    trained = np.isin(samples.column("group"), list(model.trained_groups))
    trained |= np.isin(samples.ids, list(model.trained_ids))
    flags = flags | np.where(trained, TRAINED_ON, 0) | (UNCALIBRATED if card.calibration is None else 0)
    nothing = np.full(len(score), np.nan)
    probability = card.calibration.probability(score, prevalence) if card.calibration else nothing
    return {
        "id": samples.ids, f"score_{name}": score, "mean": score, "spread": spread, "probability": probability,
        "flags": flags,
    }  # fmt: skip


def write_scores(table: dict[str, np.ndarray], path: Path) -> None:
    """Write a Scores table as Parquet: float32 numbers, ids as text."""
    import pyarrow

    columns = {
        name: pyarrow.array([str(value) for value in values], pyarrow.string()) if name == "id"
        else values.astype(np.int32 if name == "flags" else np.float32)
        for name, values in table.items()
    }  # fmt: skip
    write_parquet(pyarrow.table(columns), path)


def read_scores(path: Path) -> dict[str, np.ndarray]:
    """Read a Scores table."""
    table = read_parquet(path)
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
