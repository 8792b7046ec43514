"""The periodogram of one band with several harmonics, at all frequencies of a regular grid at once."""

from __future__ import annotations

import numpy as np

from astrocnn.time_series.period_grid import FrequencyGrid

_ROW = 256  # frequencies that share one set of waves: sums over points become products of two small matrices
_LEAST = 1e-3  # share of a wave's own variance that the mean and the waves before it must leave


def harmonic_power(
    time: np.ndarray, value: np.ndarray, error: np.ndarray, grid: FrequencyGrid, harmonics: int
) -> np.ndarray:
    """Share of the chi-square about the mean that a mean and a Fourier series explain, at each frequency.

    Parameters
    ----------
    time : array (k,)
        Days, small: from the curve's first point, say.
    value, error : arrays (k,)
        Finite; errors above 0. Values that differ.
    grid : FrequencyGrid
    harmonics : int
        Waves of the series: frequency f, 2 f, ..., each with an amplitude and phase of its own.

    Returns
    -------
    array (harmonics, grid.number) of float32
        From 0 to 1: with one wave, with two, ...

    Notes
    -----
    The generalised Lomb-Scargle periodogram with several terms (VanderPlas & Ivezic 2015, ApJ 812, 18; astropy's
    `LombScargle(nterms=harmonics)` with `normalization="standard"`, which takes a hundred times longer). The normal
    equations of all frequencies are solved at once, by Cholesky's decomposition. A wave that the mean and the waves
    before it give but for a thousandth of its variance, as one of 1 / day at times of one hour each night, is left out.
    """
    weight = error**-2
    weight = weight / weight.sum()
    value = value - np.sum(weight * value)
    waves = [np.ones(grid.number, np.complex64)]
    products = [np.zeros(grid.number, np.complex64)]
    for harmonic in range(1, 2 * harmonics + 1):
        wanted = [weight, weight * value] if harmonic <= harmonics else [weight]
        found = _sums_of_waves(time, wanted, grid, harmonic)
        waves.append(found[0])
        products += found[1:]
    explained = _explained(waves, products, harmonics)
    return np.clip(explained / np.float32(np.sum(weight * value**2)), 0, 1)


def _sums_of_waves(time: np.ndarray, weights: list[np.ndarray], grid: FrequencyGrid, harmonic: int) -> list[np.ndarray]:
    """Sum over the points of weight * exp(2 pi i f t) for each set of weights, f the harmonic of each frequency."""
    rows = -(-grid.number // _ROW)
    turns = 2j * np.pi * harmonic * time
    starts = np.exp((grid.first + grid.step * _ROW * np.arange(rows))[:, None] * turns).astype(np.complex64)
    steps = np.exp(turns[:, None] * (grid.step * np.arange(_ROW))).astype(np.complex64)
    return [((starts * one.astype(np.float32)) @ steps).reshape(-1)[: grid.number] for one in weights]


def _explained(waves: list[np.ndarray], products: list[np.ndarray], harmonics: int) -> np.ndarray:
    """Chi-square that is explained, per sum of weights, (harmonic, frequency): squares of L^-1 b, with L L^T = A."""
    matrix, wanted = _normal_equations(waves, products, harmonics)
    lower: list[list[np.ndarray]] = []
    solved: list[np.ndarray] = []
    for row, one in enumerate(matrix):
        entries: list[np.ndarray] = []
        for column in range(row):
            left = one[column] - _product(entries, lower[column][:column])
            entries.append(left / lower[column][column])
        left = one[row] - _product(entries, entries)
        diagonal = np.sqrt(np.maximum(left, _LEAST / 2))
        lower.append([*entries, diagonal])
        solved.append(np.where(left > _LEAST / 2, (wanted[row] - _product(entries, solved)) / diagonal, 0))
    each = np.square(np.array(solved, np.float32)).reshape(harmonics, 2, -1).sum(axis=1)
    return np.cumsum(each, axis=0)


def _product(first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray | float:
    """Sum of products, 0 of none."""
    return sum((one * other for one, other in zip(first, second, strict=True)), 0.0)


def _normal_equations(
    waves: list[np.ndarray], products: list[np.ndarray], harmonics: int
) -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
    """Weighted covariances of cosine and sine of each harmonic, rows of the lower triangle, and with the values.

    Products of two waves are waves of the sum and of the difference of their frequencies.
    """
    matrix: list[list[np.ndarray]] = []
    wanted: list[np.ndarray] = []
    for one in range(1, harmonics + 1):
        cosines, sines = [], []
        for other in range(1, one + 1):
            difference, both = waves[one - other], waves[one + other]
            mean, beside = waves[one], waves[other]
            cosines.append((difference.real + both.real) / 2 - mean.real * beside.real)
            cosines.append((both.imag - difference.imag) / 2 - mean.real * beside.imag)
            sines.append((both.imag + difference.imag) / 2 - mean.imag * beside.real)
            sines.append((difference.real - both.real) / 2 - mean.imag * beside.imag)
        matrix += [cosines[:-1], sines]
        wanted += [products[one].real, products[one].imag]
    return matrix, wanted
