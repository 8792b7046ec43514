"""Stars with planets, with eclipsing companions, with variability of their own: curves for the search to judge."""

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves, transit_curves
from astrocnn.simulate.orbit import Orbits, duration_day
from astrocnn.time_series.ephemeris import Ephemeris

INTERVAL_DAY = 10 / 1440
START_DAY = 8300.0


def orbit(period=3.3, mid=1.1, radius_ratio=0.1, impact=0.3, a_over_rstar=9.0, eccentricity=0.0, periastron=90.0):
    """One orbit; `mid` is days from the start of the curve."""
    values = (period, START_DAY + mid, a_over_rstar, impact, eccentricity, periastron, radius_ratio)
    return Orbits(*(np.array([value]) for value in values))


def ephemeris_of(one):
    """Of an orbit."""
    return Ephemeris(float(one.period_day[0]), float(one.mid_transit_day[0]), 24 * float(duration_day(one)[0]))


def star(*orbits, days=27.0, noise=0.0005, seed=0, interval=INTERVAL_DAY, brightness=None, wave=None, missing=0.0):
    """Curve with the transits of dark companions, or of one with a surface brightness, a sine, and missing samples.

    `wave` is (period in days, amplitude).
    """
    rng = np.random.default_rng(seed)
    time = START_DAY + interval * np.arange(round(days / interval))
    flux = np.ones(len(time))
    for one in orbits:
        darkening = np.array([0.4]), np.array([0.2])
        if brightness is None:
            flux *= transit_curves(time, one, *darkening, exposure_day=interval)[0]
        else:
            bright = np.array([brightness])
            flux *= eclipsing_binary_curves(time, one, *darkening, bright, exposure_day=interval)[0]
    if wave is not None:
        flux *= 1 + wave[1] * np.sin(2 * np.pi * time / wave[0])
    flux += rng.normal(0, noise, len(time))
    flux[rng.random(len(time)) < missing] = np.nan
    return RegularCurve(START_DAY, interval, flux)
