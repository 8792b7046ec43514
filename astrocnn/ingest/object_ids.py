"""Names of objects from their positions, in the manner of the IAU: the same position gets the same name in any run."""

from __future__ import annotations

import numpy as np

NUDGE = 1e-6  # of a last digit: keeps 12759.0 s from being cut to 12758.999 by rounding of the last bit


def object_ids(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Names such as J033239.051-274729.12, unique within the call.

    Digits are cut, not rounded, as the IAU asks: 0.001 s of right ascension (at most 0.015") and 0.01" of declination.
    Objects that share a name get "b", "c", ... "z", "27", ... appended in order of right ascension and declination
    (then of the input), so that the names do not depend on the order of the others.

    Parameters
    ----------
    ra, dec : arrays (n,)
        Degrees, ICRS.

    Returns
    -------
    array (n,) of str

    Raises
    ------
    ValueError
        A position is not finite or its declination is beyond a pole.
    """
    ra, dec = np.atleast_1d(np.asarray(ra, dtype=np.float64)), np.atleast_1d(np.asarray(dec, dtype=np.float64))
    if not (np.isfinite(ra).all() and (np.abs(dec) <= 90).all()):
        raise ValueError("expected finite positions with declinations from -90 to 90 deg")
    time = np.floor(np.mod(ra, 360.0) * 240_000 + NUDGE).astype(np.int64) % 86_400_000
    angle = np.floor(np.abs(dec) * 360_000 + NUDGE).astype(np.int64)
    names = [
        f"J{t // 3_600_000:02d}{t // 60_000 % 60:02d}{t // 1000 % 60:02d}.{t % 1000:03d}"
        f"{sign}{a // 360_000:02d}{a // 6000 % 60:02d}{a // 100 % 60:02d}.{a % 100:02d}"
        for t, a, sign in zip(time.tolist(), angle.tolist(), np.where(dec < 0, "-", "+"), strict=True)
    ]
    seen: dict[str, int] = {}
    for n in np.lexsort((dec, ra)):
        name = names[n]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[n] = name + (chr(ord("a") + seen[name] - 1) if seen[name] <= 26 else str(seen[name]))
    return np.array(names, dtype=str)
