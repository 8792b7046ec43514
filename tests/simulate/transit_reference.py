"""Transits by other means: the integral over the star's disc, and batman where it is installed."""

import warnings

import numpy as np
import pytest
from scipy.integrate import quad


def blocked_by_integral(separation, ratio, u1, u2):
    """Share of the light behind a disc: ring by ring, each with the angle that lies behind it."""

    def ring(angle):
        radius, mu = np.sin(angle), np.cos(angle)
        if radius <= ratio - separation:
            half = np.pi
        elif radius <= separation - ratio or radius >= separation + ratio:
            half = 0.0
        else:
            half = np.arccos(np.clip((radius**2 + separation**2 - ratio**2) / (2 * radius * separation), -1, 1))
        return 2 * half * (1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2) * radius * mu

    edges = [np.arcsin(one) for one in (abs(separation - ratio), separation + ratio) if 0 < one < 1]
    found, _ = quad(ring, 0, np.pi / 2, points=edges or None, limit=500, epsabs=1e-12, epsrel=1e-11)
    return found / (np.pi * (1 - u1 / 3 - u2 / 6))


def batman_module():
    """The batman package; the test is skipped without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it asks the deprecated distutils for a compiler
        return pytest.importorskip("batman", reason="batman is not installed (extra: transits)", exc_type=ImportError)


def batman_curve(time_day, orbits, u1, u2, row, **options):
    """Light curve of one row of `Orbits` by batman."""
    batman = batman_module()
    given = batman.TransitParams()
    given.t0, given.per, given.rp = orbits.mid_transit_day[row], orbits.period_day[row], orbits.radius_ratio[row]
    given.a, given.inc = orbits.a_over_rstar[row], np.degrees(np.arccos(orbits.cos_inclination[row]))
    given.ecc, given.w = orbits.eccentricity[row], orbits.periastron_deg[row]
    given.u, given.limb_dark = [u1[row], u2[row]], "quadratic"
    return batman.TransitModel(given, time_day, **options).light_curve(given)
