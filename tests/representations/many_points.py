"""Small light curves for the tests of representations, as blocks and as points."""

import numpy as np
from hypothesis import strategies as st

from astrocnn.representations.points import points_of
from astrocnn.samples.curve import CurveBlock


def block_of(*curves, bands=("r",)):
    """A block of curves, each a list of (time, value, error) or (time, value, error, band number)."""
    rows = [np.array([(*row, 0)[:4] for row in curve], float).reshape(-1, 4) for curve in curves]
    whole = np.concatenate(rows)
    offsets = np.cumsum([0, *map(len, rows)])
    numbers = np.arange(len(curves))
    return CurveBlock(
        numbers, np.array([f"star{number}" for number in numbers]), offsets, whole[:, 0],
        whole[:, 1].astype(np.float32), whole[:, 2].astype(np.float32), np.zeros(len(whole), np.int32),
        whole[:, 3].astype(np.int16), tuple(bands),
    )  # fmt: skip


def made(*curves, bands=("r",)):
    """Points of such curves, in all bands."""
    return points_of(block_of(*curves, bands=bands), bands)


def random_curve(seed, number=30, error=0.05, bands=1, length=300.0):
    """A curve of random times, in order, with values around 15."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, length, number))
    return list(
        zip(times, rng.normal(15, 0.4, number), np.full(number, error), rng.integers(bands, size=number), strict=True)
    )


@st.composite
def blocks(draw):
    """Blocks of a few curves in two bands, with any times, values and errors, missing ones too."""
    number = st.floats(-1e4, 1e4, width=32)
    odd = st.one_of(number, st.just(np.nan), st.just(np.inf))
    curve = st.lists(st.tuples(st.floats(0, 500), odd, odd, st.integers(0, 1)), max_size=12)
    curves = draw(st.lists(curve, min_size=1, max_size=4))
    return block_of(*(sorted(one, key=lambda row: row[0]) for one in curves), bands=("g", "r"))
