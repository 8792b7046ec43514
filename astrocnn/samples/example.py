"""The object of a set that is drawn as its example."""

from __future__ import annotations

import numpy as np

from astrocnn.samples.sample_set import SampleSet

LARGEST = ("einstein_radius_arcsec", "snr")
"""The example is the object where the first of these columns that is there is largest."""


def example_row(samples: SampleSet) -> tuple[int, str, str | None]:
    """Choose an object that shows well what is searched for.

    Parameters
    ----------
    samples : SampleSet
        Not empty.

    Returns
    -------
    row : int
        A positive where there is one, else any object; that with the largest Einstein radius or signal-to-noise ratio
        where these are known, else the first.
    kind : str
        Name of its class, or `stamp` or `curve` where it is no positive.
    column : str or None
        The column by which it was chosen.
    """
    wanted = np.flatnonzero(samples.column("label") == samples.meta.positive_label)
    kind = str(samples.meta.positive) if len(wanted) else {"images": "stamp", "curves": "curve"}[samples.meta.kind]
    rows = wanted if len(wanted) else np.arange(len(samples))
    column = next((name for name in LARGEST if name in samples.columns), None)
    if column is None:
        return int(rows[0]), kind, None
    values = np.nan_to_num(samples.column(column)[rows].astype(float), nan=-np.inf)
    return int(rows[np.argmax(values)]), kind, column
