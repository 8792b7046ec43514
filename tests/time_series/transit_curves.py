"""Light curves with box-shaped transits, made for the tests; and real ones with known planets."""

import numpy as np
from curve_files import shared

from astrocnn.ingest.light_curves.normalise import normalise
from astrocnn.ingest.light_curves.observed import ReadOptions
from astrocnn.ingest.light_curves.read import read_light_curves

PLANETS = {
    "HAT-P-7": ("kplr010666592-2009131110544_slc.fits", 2.2047),
    "WASP-126": ("hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits", 3.2888),
    "pi Men": ("hlsp_tess-data-alerts_tess_phot_00261136679-s01_tess_v1_lc.fits", 6.268),
}
"""File and period in days of each star."""


def transiting(ephemeris, depth, days=20.0, cadence_minute=10.0, noise=3e-4, seed=0):
    """Times, relative flux and errors of a star with transits of one depth, in white noise."""
    time = 1000.0 + np.arange(0.0, days, cadence_minute / 1440)
    flux = 1 + np.random.default_rng(seed).normal(0, noise, len(time)) - depth * ephemeris.covers(time)
    return time, flux, np.full(len(time), noise)


def real_curve(star):
    """The light curve of a star with a planet; the test is skipped where it is not there."""
    path = shared("kepler_tess") / PLANETS[star][0]
    options = ReadOptions()
    return normalise(list(read_light_curves(path, options)), options, 2, 2450000.0).curve
