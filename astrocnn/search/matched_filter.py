"""The matched filter of a transit: the signal over noise of the box that fits a window best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrocnn.simulate.transit_injection import white_noise


@dataclass(frozen=True)
class BestBox:
    """The best box of each of n windows, arrays (n,).

    Attributes
    ----------
    snr : ndarray
        Depth over its error in white noise; NaN for a window in which no box can be placed.
    depth : ndarray
        Mean outside of the box minus that inside, in the unit of the values.
    duration_hour, offset_hour : ndarray
        Length of the box, and its middle from that of the window.
    """

    snr: np.ndarray
    depth: np.ndarray
    duration_hour: np.ndarray
    offset_hour: np.ndarray


def best_boxes(
    flux: np.ndarray, step_hour: float, durations_hour: np.ndarray, *, farthest_hour: float | None = None
) -> BestBox:
    """Try boxes of some durations at every sample.

    A box of depth d with k of N samples inside has the signal over noise d / (s sqrt(1 / k + 1 / (N - k))). The noise s
    of a sample is that of the window itself, from the differences of neighbours, which slow changes of a star do not
    enter; they do enter the depths, and that is what makes the false alarms of this filter.

    Parameters
    ----------
    flux : ndarray
        (n, time), on equal steps; NaN where missing.
    step_hour : float
        From one sample to the next.
    durations_hour : ndarray
        (k,): a grid that all windows are tried with; or (n, k): what each is told, NaN where nothing is. Rounded to
        whole samples, and at least one.
    farthest_hour : float, optional
        Farthest middle of a box from that of the window; by default boxes lie anywhere inside.

    Returns
    -------
    BestBox

    Raises
    ------
    DataError
        When a window has no two neighbouring samples.
    """
    number, samples = flux.shape
    seen = np.isfinite(flux)
    noise = white_noise(flux)
    sums, counts = (
        np.concatenate([np.zeros((number, 1)), np.cumsum(values, axis=1)], axis=1)
        for values in (np.where(seen, flux, 0.0), seen)
    )
    told = np.broadcast_to(durations_hour, (number, np.shape(durations_hour)[-1]))
    lengths = np.maximum(np.rint(np.nan_to_num(told) / step_hour), 1).astype(np.int64)
    best = BestBox(*np.full((4, number), np.nan))
    for length in np.unique(lengths[np.isfinite(told)]):
        if length >= samples:
            continue
        middle = (np.arange(samples - length + 1) + 0.5 * (length - samples)) * step_hour
        places = np.flatnonzero(np.abs(middle) <= (np.inf if farthest_hour is None else farthest_hour + 1e-9))
        rows = np.flatnonzero(((lengths == length) & np.isfinite(told)).any(axis=1))
        if not len(places) or not len(rows):
            continue
        inside, in_count = (total[rows][:, places + length] - total[rows][:, places] for total in (sums, counts))
        out_count = counts[rows, -1:] - in_count
        usable = (in_count > 0) & (out_count > 0)
        mean_in = np.divide(inside, in_count, out=np.zeros_like(inside), where=usable)
        mean_out = np.divide(sums[rows, -1:] - inside, out_count, out=np.zeros_like(inside), where=usable)
        depth = mean_out - mean_in
        error = noise[rows, None] * np.sqrt(1 / np.maximum(in_count, 1) + 1 / np.maximum(out_count, 1))
        snr = np.where(usable, depth / np.maximum(error, np.finfo(float).tiny), -np.inf)
        _take_better(best, rows, snr, depth, middle[places], length * step_hour)
    return best


def _take_better(
    best: BestBox, rows: np.ndarray, snr: np.ndarray, depth: np.ndarray, middle: np.ndarray, duration: float
) -> None:
    """Keep the best place of each row where it is better than what is kept already."""
    place = snr.argmax(axis=1)
    found = snr[np.arange(len(rows)), place]
    better = np.isfinite(found) & ~(found <= best.snr[rows])
    taken, at = rows[better], place[better]
    best.snr[taken] = found[better]
    best.depth[taken] = depth[better, at]
    best.duration_hour[taken] = duration
    best.offset_hour[taken] = middle[at]
