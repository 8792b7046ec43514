"""Outputs of a trained model: the mean over its networks, or over those alone that have not seen an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.engines import Engine, EngineName, Precision, scoring_engine
from astrocnn.training.model_folder import TrainedModel
from astrocnn.training.predict import predict_set


@dataclass(frozen=True)
class ModelOutputs:
    """What a model says of n objects.

    Attributes
    ----------
    mean, spread : ndarray of float64, shape (n, output)
        Over the networks that an object is given to, and their exact views; NaN for an object with values that are not
        finite.
    each : ndarray of float64, shape (network, n, output)
        Of every network; NaN where it was not asked.
    seen : ndarray of bool, shape (network, n)
        Whether a network was trained on the object or one of its group.
    """

    mean: np.ndarray
    spread: np.ndarray
    each: np.ndarray
    seen: np.ndarray

    @property
    def trained_on(self) -> np.ndarray:
        """Objects that all networks have seen, (n,): nothing but a score from inside the training can be given."""
        return np.asarray(self.seen.all(axis=0))

    @property
    def out_of_fold(self) -> np.ndarray:
        """Objects of the training that some network has not seen, (n,): these alone were asked."""
        return np.asarray(self.seen.any(axis=0) & ~self.trained_on)


def engines_of(model: TrainedModel, name: EngineName = "keras", precision: Precision = "float32") -> tuple[Engine, ...]:
    """What computes the outputs of each network of a model; see `scoring_engine`."""
    return tuple(scoring_engine(network, name, precision) for network in model.networks)


def predict_model(
    model: TrainedModel,
    samples: SampleSet,
    progress: Callable[[int, int, str], None] | None = None,
    engines: Sequence[Engine] | None = None,
) -> ModelOutputs:
    """Ask a model about objects.

    Parameters
    ----------
    model : TrainedModel
    samples : SampleSet
        Of the bands, scale and at least the size that it was trained on.
    progress : callable, optional
        Called as `progress(done, total, text)`.
    engines : sequence of Engine, optional
        Of its networks, in order; Keras's by default.
    """
    card, engines = model.card, engines or engines_of(model)
    seen = model.seen(samples.ids, samples.column("group"))
    asked = who_is_asked(seen)
    shape = (len(engines), len(samples), int(engines[0].output_shape[-1] or 1))
    each, views = np.full(shape, np.nan), np.full(shape, np.nan)
    for number, engine in enumerate(engines):
        rows = np.flatnonzero(asked[number])
        text = f"network {number + 1} of {len(engines)}" if len(engines) > 1 else ""
        told = None if progress is None else _named(progress, text)
        found = predict_set(engine, samples.select(rows), card.normalisation, card.axes_px, card.views, told)
        each[number, rows], views[number, rows] = found
    return joined_outputs(each, views, seen)


def who_is_asked(seen: np.ndarray) -> np.ndarray:
    """Which network is asked about which object, (network, n) of bool: those that have not seen it, else all.

    Parameters
    ----------
    seen : array (network, n) of bool
        Whether a network was trained on the object or one of its group.
    """
    return np.asarray(~seen | seen.all(axis=0))


def joined_outputs(each: np.ndarray, views: np.ndarray, seen: np.ndarray) -> ModelOutputs:
    """The mean of those that are asked about each object, and its spread over them and their exact views.

    Parameters
    ----------
    each, views : arrays (network, n, output)
        Outputs of each network, and their deviation over views; NaN where it was not asked.
    seen : array (network, n) of bool
    """
    asked = who_is_asked(seen)
    share = asked / asked.sum(axis=0)
    mean = _weighted(each, share)
    return ModelOutputs(mean, np.sqrt(_weighted((each - mean) ** 2 + views**2, share)), each, seen)


def _weighted(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mean over the networks (network, n, output) that have a share (network, n) in an object."""
    return np.sum(np.where(share[..., None] > 0, values * share[..., None], 0.0), axis=0)


def _named(progress: Callable[[int, int, str], None], text: str) -> Callable[[int, int, str], None]:
    return lambda done, total, said: progress(done, total, said or text)
