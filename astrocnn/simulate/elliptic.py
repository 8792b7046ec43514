"""Complete elliptic integrals in Bulirsch's general form, over whole arrays at once."""

from __future__ import annotations

import numpy as np

_CONVERGED = 1e-8
"""Relative difference of the two means at which the next, quadratic step would be exact to rounding."""
_MOST_STEPS = 40


def elliptic_trio(
    complement: np.ndarray, p: np.ndarray, at_zero: np.ndarray | float, at_right_angle: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three complete elliptic integrals of one modulus k, by Bulirsch's algorithm.

    All are cel(k', p, a, b), the integral over phi from 0 to pi/2 of
    (a cos^2 + b sin^2) / (cos^2 + p sin^2) / sqrt(cos^2 + k'^2 sin^2), with k'^2 = 1 - k^2.

    Parameters
    ----------
    complement : ndarray
        k', the complementary modulus, above 0 and at most 1.
    p : ndarray
        Of the first integral, above 0.
    at_zero, at_right_angle : ndarray
        a and b of the first integral.

    Returns
    -------
    tuple of ndarray
        cel(k', p, a, b); cel(k', 1, 1, k'^2), which is E(k); and cel(k', 1, 1, 0), which is (E - k'^2 K) / k^2 without
        its cancellation where k is small. NaN in gives NaN out. To about 1e-15 of the largest term.

    References
    ----------
    Bulirsch 1969, Numerische Mathematik 13, 305; grouped in three as by Agol, Luger & Foreman-Mackey 2020, AJ 159, 123.
    """
    # Of the second and third integral p is 1 and stays equal to the mean; of the first it goes its own way.
    kc, mean, product = complement, np.ones_like(complement), complement
    p = np.sqrt(p)
    a1, b1 = np.zeros_like(kc) + at_zero, at_right_angle / p
    a2, b2 = np.ones_like(kc), kc * kc
    a3, b3 = np.ones_like(kc), np.zeros_like(kc)
    for _ in range(_MOST_STEPS):
        over_p, over_mean = 1.0 / p, 1.0 / mean
        step_p, step = product * over_p, product * over_mean
        _advance(a1, b1, over_p, step_p)
        _advance(a2, b2, over_mean, step)
        _advance(a3, b3, over_mean, step)
        p += step_p
        previous, mean = mean, mean + kc
        if not np.any(np.abs(previous - kc) > previous * _CONVERGED):
            break
        kc = 2.0 * np.sqrt(product)
        product = kc * mean
    half_pi = 0.5 * np.pi
    first = half_pi * (a1 * mean + b1) / (mean * (mean + p))
    twice = half_pi / (2.0 * mean * mean)
    return first, twice * (a2 * mean + b2), twice * (a3 * mean + b3)


def _advance(a: np.ndarray, b: np.ndarray, over: np.ndarray, step: np.ndarray) -> None:
    """One step of the numerators, in place: most of the time of a transit is spent here."""
    raised = a * step
    a += b * over
    b += raised
    b += b
