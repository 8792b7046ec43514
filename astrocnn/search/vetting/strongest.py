"""What is left of a candidate without its deepest transit: one glitch that meets empty places by chance has nothing."""

from __future__ import annotations

import math

import numpy as np

from astrocnn.search.transits import Transits


def strongest(transits: Transits) -> int:
    """Position of the transit that stands out most."""
    return int(np.argmax(transits.depth / transits.noise))


def snr_without_strongest(transits: Transits) -> float:
    """Signal to noise of all transits but the deepest; NaN where there is only one."""
    if len(transits) < 2:
        return math.nan
    return transits.rows(np.arange(len(transits)) != strongest(transits)).snr
