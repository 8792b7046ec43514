"""The flags of transit candidates: one bit each, beside those of detection and of scoring."""

from __future__ import annotations

from astrocnn.ingest.flags import Flag

ODD_EVEN, SECONDARY, SINGLE_TRANSIT, STELLAR_PERIOD, SINUSOIDAL, V_SHAPED, BUMPS = (1 << bit for bit in range(21, 28))
"""From bit 21 up: the bits below belong to `astrocnn.scoring.flags` and `astrocnn.ingest.flags`."""

SEARCH_FLAGS: tuple[Flag, ...] = (
    Flag(ODD_EVEN, "odd_even", "odd and even transits differ in depth: two stars at twice the period; alike ones pass"),
    Flag(SECONDARY, "secondary", "a second dip at another phase: the companion shines itself"),
    Flag(SINGLE_TRANSIT, "single_transit", "one transit alone, or one that carries most of the signal"),
    Flag(STELLAR_PERIOD, "stellar_period", "the period follows from that of the star's variability"),
    Flag(SINUSOIDAL, "sinusoidal", "a sine of this period is left after detrending: variability, not transits"),
    Flag(V_SHAPED, "v_shaped", "no flat bottom: two stars that graze each other, or a grazing planet"),
    Flag(BUMPS, "bumps", "the folded curve rises elsewhere nearly as much as it dips: variability"),
)
AGAINST = sum(flag.bit for flag in SEARCH_FLAGS)
"""All of them: a candidate without any is vetted."""
