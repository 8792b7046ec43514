"""All that light curves take, in one run: reading files, simulating, histograms of pairs and pictures, searching.

Files of missions are read against astropy and lightkurve (`light_curve_files.py`), curves of 180 points are simulated
by whole stages against batman (`simulate_transits.py`), a TESS curve is searched against astropy (`transit_search.py`).

Histograms and pictures are made here, many at once against numpy's histogram2d, object after object. Both must give
the same numbers: of pairs in the bins of Mahabal et al. 2017, and of points in the pixels of a picture, where errors
are far smaller than a pixel; then pictures with errors as surveys have them are timed. Two threads work side by side,
here and there. Run: `python benchmarks/curves.py`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

from astrocnn.representations.dmdt import pair_histograms
from astrocnn.representations.options import DmdtOptions, PictureOptions
from astrocnn.representations.picture import pictures, value_ranges
from astrocnn.representations.points import Points
from astrocnn.representations.time_axis import time_span

CURVES, POINTS, THREADS, AT_ONCE = 4096, 119, 2, 64  # points as EROS has in a band; as many curves as the stage makes
PAIRS = DmdtOptions(normalise="none")
PICTURE = PictureOptions(error_floor_px=1e-4)
EDGES = (np.array(PAIRS.value_edges), np.array(PAIRS.time_edges_day))
Work = Callable[[Points], np.ndarray]


def curves(seed: int, error: float) -> Points:
    """Curves of random times in 400 days and magnitudes around 15."""
    random = np.random.default_rng(seed)
    time = np.sort(random.uniform(0, 400, (AT_ONCE, POINTS)), axis=1).ravel()
    group = np.repeat(np.arange(AT_ONCE), POINTS)
    return Points(AT_ONCE, 1, group, time, random.normal(15, 0.4, time.size), np.full(time.size, error))


def pairs(points: Points) -> np.ndarray:
    return pair_histograms(points, PAIRS)[..., 0]


def pairs_in_a_loop(points: Points) -> np.ndarray:
    first, second = np.triu_indices(POINTS, 1)
    found = np.empty((AT_ONCE, len(EDGES[0]) - 1, len(EDGES[1]) - 1))
    rows = zip(found, points.x.reshape(AT_ONCE, -1), points.value.reshape(AT_ONCE, -1), strict=True)
    for row, time, value in rows:
        row[...] = np.histogram2d(value[second] - value[first], time[second] - time[first], EDGES)[0]
    return found


def drawn(points: Points) -> np.ndarray:
    return pictures(points, *time_span(points), PICTURE)[..., 0]


def drawn_with_errors(points: Points) -> np.ndarray:
    return pictures(points, *time_span(points), PictureOptions())[..., 0]


def drawn_in_a_loop(points: Points) -> np.ndarray:
    size = (PICTURE.height_px, PICTURE.width_px)
    (start, end), (low, high) = time_span(points), value_ranges(points, PICTURE)
    found = np.empty((AT_ONCE, *size))
    rows = zip(points.x.reshape(AT_ONCE, -1), points.value.reshape(AT_ONCE, -1), strict=True)
    for number, (time, value) in enumerate(rows):
        span = [[low[number], high[number]], [start[number], end[number]]]
        inside = np.clip(value, *span[0])
        found[number] = np.histogram2d(inside, time, size, span)[0]
    return found


def per_second(work: Work, blocks: list[Points]) -> float:
    """Curves in a second, all threads together."""
    with ThreadPoolExecutor(THREADS) as threads:
        start = perf_counter()
        for _ in threads.map(work, blocks):
            pass
        return AT_ONCE * len(blocks) / (perf_counter() - start)


def representations() -> None:
    """Histograms of pairs, and pictures."""
    sharp, broad = ([curves(seed, error) for seed in range(CURVES // AT_ONCE)] for error in (1e-9, 0.1))
    if not np.array_equal(pairs(sharp[0]), pairs_in_a_loop(sharp[0])):
        raise SystemExit("the histograms differ")
    apart = np.abs(drawn(sharp[0]) - drawn_in_a_loop(sharp[0])).sum() / (AT_ONCE * POINTS)
    if apart > 1e-3:  # of points that lie within 1e-4 px of an edge
        raise SystemExit(f"the pictures differ in {apart:.1%} of their points")
    print(f"{CURVES} curves of {POINTS} points, {THREADS} threads; all alike but {apart:.0e} of pictures")
    for name, work, loop, blocks in (
        ("dmdt 22 x 24", pairs, pairs_in_a_loop, sharp),
        ("pictures 128 x 128", drawn_with_errors, drawn_in_a_loop, broad),
    ):
        fast, slow = per_second(work, blocks), per_second(loop, blocks[: max(1, len(blocks) // 8)])
        print(f"{name}: {fast:.0f} curves/s, loop {slow:.0f}, ratio {fast / slow:.1f}")


def main() -> None:
    # Imported here, since the workers of a stage import this file again and need none of these.
    import light_curve_files
    import simulate_transits
    import transit_search

    light_curve_files.main()
    simulate_transits.whole_stages()
    representations()
    transit_search.main()


if __name__ == "__main__":
    main()
