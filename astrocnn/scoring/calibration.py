"""From scores to probabilities: calibration on validation data, and the shift to the prevalence of the sky."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from astrocnn.errors import DataError
from astrocnn.scoring.bootstrap import bootstrap_by_group
from astrocnn.scoring.metrics import RankedScores, share

_SATURATED = 1e-7  # float32 sigmoids reach exactly 0 and 1, where the logit is infinite

_LEAST = float(np.finfo(np.float32).tiny)


def logit(probability: np.ndarray) -> np.ndarray:
    """Natural logarithm of the odds, finite at 0 and 1 to the resolution of float32."""
    clipped = np.clip(np.asarray(probability, dtype=np.float64), _SATURATED, 1 - _SATURATED)
    return np.log(clipped) - np.log1p(-clipped)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(np.asarray(x) / 2)) / 2  # overflows nowhere and lets NaN through


class Calibration(BaseModel):
    """Constants that turn a score into a probability; stored with the model.

    Attributes
    ----------
    kind : "logistic" or "isotonic"
        What the constants mean.
    prevalence : float
        Share of positives in the data it was fitted on.
    slope, offset : float
        Logistic: probability = sigmoid(slope logit(score) + offset).
    scores, probabilities : tuple of float
        Isotonic: knots, linear in between and constant outside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["logistic", "isotonic"]
    prevalence: float
    slope: float = 1.0
    offset: float = 0.0
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    def probability(self, scores: np.ndarray, prevalence: float | None = None) -> np.ndarray:
        """Probability of being a positive, at the prevalence expected where it is applied.

        Parameters
        ----------
        scores : array of float
            Raw scores; NaN gives NaN.
        prevalence : float, optional
            Expected share of positives; by default that of the data of the fit.
        """
        scores = np.asarray(scores, dtype=np.float64)
        if self.kind == "logistic":
            found = _sigmoid(self.slope * logit(scores) + self.offset)
        else:
            found = np.interp(scores, self.scores, self.probabilities)
        return found if prevalence is None else shift_prevalence(found, self.prevalence, prevalence)


def fit_logistic(scores: np.ndarray, labels: np.ndarray, max_steps: int = 100) -> Calibration:
    """Logistic calibration of a score between 0 and 1 (Platt 1999; Newton steps as in Lin, Lin & Weng 2007).

    Two constants: the choice where the validation set is small. The fit is to Platt's smoothed targets, so it stays
    finite where the classes separate completely.

    Parameters
    ----------
    scores : array of float, (row,)
        Raw scores within [0, 1].
    labels : array of int, (row,)
        1 positive, 0 negative.
    max_steps : int
        Newton steps after which it gives up.

    Raises
    ------
    DataError
        If a score is outside [0, 1], the fit does not converge, or `RankedScores.of` refuses the data.
    """
    ranked = RankedScores.of(labels, scores)
    outside = (scores < 0) | (scores > 1)
    if np.any(outside):
        raise DataError(
            "logistic calibration needs scores within [0, 1]", received=f"{outside.sum()} outside", fix="use isotonic"
        )
    design = np.stack([logit(scores), np.ones(len(scores))], axis=1)
    targets = _smoothed(ranked.positive)

    def loss(constants: np.ndarray) -> float:
        linear = design @ constants
        return float(np.sum(np.logaddexp(0, linear) - targets * linear))

    constants = np.array([0.0, np.log(targets.mean() / (1 - targets.mean()))])
    for _ in range(max_steps):
        fitted = _sigmoid(design @ constants)
        gradient = design.T @ (fitted - targets)
        curvature = (design * (fitted * (1 - fitted))[:, None]).T @ design + 1e-12 * np.eye(2)
        step, length = np.linalg.solve(curvature, gradient), 1.0
        while loss(constants - length * step) > loss(constants) and length > 1e-6:
            length /= 2
        constants = constants - length * step
        if np.max(np.abs(length * step)) < 1e-10 or np.max(np.abs(gradient)) < 1e-9:
            break
    else:
        raise DataError("the logistic calibration did not converge", expected=f"within {max_steps} steps")
    slope, offset = constants
    return Calibration(
        kind="logistic", prevalence=float(ranked.positive.mean()), slope=float(slope), offset=float(offset)
    )


def fit_isotonic(scores: np.ndarray, labels: np.ndarray) -> Calibration:
    """Isotonic calibration: the rising step function nearest to the labels (Zadrozny & Elkan 2002).

    No shape is assumed, which takes some thousand labelled rows. Platt's smoothed targets keep the ends off 0 and 1,
    where no prevalence could move them. Ranks may become ties: rank candidates by score.
    """
    from scipy.optimize import isotonic_regression  # slow to import, and reading a model's constants does without

    ranked = RankedScores.of(labels, scores)
    levels, row_level, rows = np.unique(np.asarray(scores, np.float64), return_inverse=True, return_counts=True)
    mean_target = np.bincount(row_level, weights=_smoothed(ranked.positive)) / rows
    fitted = isotonic_regression(mean_target, weights=rows)
    ends = np.union1d(fitted.blocks[:-1], fitted.blocks[1:] - 1).astype(int)
    return Calibration(
        kind="isotonic",
        prevalence=float(ranked.positive.mean()),
        scores=tuple(levels[ends].tolist()),
        probabilities=tuple(fitted.x[ends].tolist()),
    )


def _smoothed(positive: np.ndarray) -> np.ndarray:
    """Platt's targets: (N+ + 1)/(N+ + 2) for positives and 1/(N- + 2) for negatives, instead of 1 and 0."""
    n_positive = int(positive.sum())
    return np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (positive.size - n_positive + 2))


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities of classes (row, class), made softer by a temperature above 1 and surer by one below; NaN stays.

    p ** (1 / temperature), normalised: the most probable class stays the same.
    """
    scaled = np.log(np.clip(np.asarray(probabilities, np.float64), _LEAST, 1.0)) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature at which probabilities of classes lose least (Guo et al. 2017, section 4.2), 0.05 to 20.

    One constant for all classes: it needs few rows, and cannot be fitted to the noise of a class.

    Parameters
    ----------
    probabilities : array (row, class)
    labels : array of int, (row,)
        Number of the true class.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        chosen = tempered(probabilities, float(np.exp(logarithm)))[rows, labels]
        return float(-np.log(np.maximum(chosen, np.finfo(float).tiny)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def shift_prevalence(probability: np.ndarray, fitted: float, expected: float) -> np.ndarray:
    """Probabilities where the share of positives is `expected` instead of `fitted` (Saerens et al. 2002, eq. 4).

    Holds when positives look like positives and negatives like negatives in both. Probabilities of 0 and 1 stay.

    Raises
    ------
    DataError
        If a prevalence is not between 0 and 1.
    """
    for prevalence in (fitted, expected):
        if not 0 < prevalence < 1:
            raise DataError("not a prevalence", expected="a number between 0 and 1", received=prevalence)
    probability = np.asarray(probability, dtype=np.float64)
    positive = probability * expected / fitted
    return positive / (positive + (1 - probability) * (1 - expected) / (1 - fitted))


def brier_score(labels: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared difference of probability and label (Brier 1950): 0 is perfect, p(1 - p) says nothing."""
    return float(
        np.mean((np.asarray(probability, dtype=np.float64) - RankedScores.of(labels, probability).positive) ** 2)
    )


def reliability_table(labels: np.ndarray, probability: np.ndarray, bins: int = 10) -> dict[str, np.ndarray]:
    """Stated against observed frequency in bins of equal width.

    Returns
    -------
    dict of numpy.ndarray
        `probability_low`, `probability_high`, `mean_probability`, `positive_fraction` (both NaN in empty bins) and `n`.
    """
    positive = RankedScores.of(labels, probability).positive
    index = np.clip((np.asarray(probability, dtype=np.float64) * bins).astype(int), 0, bins - 1)
    n = np.bincount(index, minlength=bins)
    edges = np.linspace(0, 1, bins + 1)

    def mean(values: np.ndarray) -> np.ndarray:
        summed = np.bincount(index, weights=values, minlength=bins)
        return np.divide(summed, n, out=np.full(bins, np.nan), where=n > 0)

    return {
        "probability_low": edges[:-1],
        "probability_high": edges[1:],
        "mean_probability": mean(np.asarray(probability, dtype=np.float64)),
        "positive_fraction": mean(positive.astype(np.float64)),
        "n": n,
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray, weights: np.ndarray, bins: int = 10) -> np.ndarray:
    """Mean distance of stated and observed frequency in bins of equal width, (weighting,) (Guo et al. 2017, eq. 3)."""
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gaps = np.zeros(len(weights))
    for one in np.unique(index).tolist():
        held = weights[:, index == one]
        gaps += np.abs(held @ (right[index == one] - confidence[index == one]))
    return share(gaps, weights.sum(axis=1))


def calibration_metrics(
    labels: np.ndarray, probability: np.ndarray, groups: np.ndarray, *, seed: int = 0, n: int = 1000
) -> dict[str, float | int]:
    """`brier` and `calibration_error` of the probabilities of one class, with intervals by group, as other metrics."""
    positive = RankedScores.of(labels, probability).positive.astype(np.float64)
    probability = np.asarray(probability, dtype=np.float64)
    squares = (probability - positive) ** 2

    def measure(weights: np.ndarray) -> np.ndarray:
        brier = share(weights @ squares, weights.sum(axis=1))
        return np.stack([brier, calibration_error(probability, positive, weights)], axis=1)

    points = measure(np.ones((1, len(squares))))[0]
    low, high = bootstrap_by_group(groups, measure, n, seed)
    metrics: dict[str, float | int] = {}
    for name, *values in zip(("brier", "calibration_error"), points, low, high, strict=True):
        metrics |= {f"{name}{end}": float(value) for end, value in zip(("", "_low", "_high"), values, strict=True)}
        metrics[f"{name}_n"] = len(squares)
    return metrics
