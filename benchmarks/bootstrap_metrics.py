"""Bootstrap by galaxy of AUROC and completeness: this package against the loop one would write.

Both draw the same galaxies and must find the same intervals. Run: `python benchmarks/bootstrap_metrics.py`.
"""

from time import perf_counter

import numpy as np

from astrocnn.scoring.bootstrap import bootstrap_by_group, resampled_weights
from astrocnn.scoring.metrics import RankedScores, rank_statistics

GALAXIES, INJECTED, RESAMPLES = 600, 5, 1000


def loop(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Copy the rows of each resample, sort them, measure them."""
    rows_of_group = [np.flatnonzero(groups == group) for group in range(GALAXIES)]
    first_row = [rows[0] for rows in rows_of_group]
    found = []
    for weights in np.concatenate(list(resampled_weights(groups, RESAMPLES, seed=0))):
        drawn = np.repeat(np.arange(GALAXIES), weights[first_row].astype(int))
        rows = np.concatenate([rows_of_group[group] for group in drawn])
        positives, negatives = np.sort(scores[rows][labels[rows] == 1]), np.sort(scores[rows][labels[rows] == 0])
        below = (
            np.searchsorted(negatives, positives, "left").sum() + np.searchsorted(negatives, positives, "right").sum()
        )
        row = [below / 2 / positives.size / negatives.size]
        for fpr in (0.1, 0.01):
            threshold = negatives[::-1][int(fpr * negatives.size + 1e-9)]
            row.append(np.mean(positives > threshold))
        found.append(row)
    return np.quantile(found, [0.025, 0.975], axis=0)


def at_once(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sort once, weight the sorted rows."""
    ranked = RankedScores.of(labels, scores)
    names = ("auroc", "completeness_at_10pct_fpr", "completeness_at_1pct_fpr")

    def statistic(weights: np.ndarray) -> np.ndarray:
        found = rank_statistics(ranked.counts(weights))
        return np.stack([found[name] for name in names], axis=1)

    return np.array(bootstrap_by_group(groups, statistic, n=RESAMPLES, seed=0))


def main() -> None:
    random = np.random.default_rng(0)
    groups = np.concatenate([np.arange(GALAXIES), np.repeat(np.arange(GALAXIES), INJECTED)])
    labels = np.repeat([0, 1], [GALAXIES, GALAXIES * INJECTED])
    scores = random.normal(size=labels.size) + 2 * labels

    seconds, intervals = {}, {}
    for measure in (loop, at_once):
        start = perf_counter()
        intervals[measure] = measure(labels, scores, groups)
        seconds[measure] = perf_counter() - start
    if not np.allclose(intervals[loop], intervals[at_once], atol=1e-12):
        raise SystemExit(f"the intervals differ:\n{intervals[loop]}\n{intervals[at_once]}")
    print(f"{labels.size} rows, {GALAXIES} groups, {RESAMPLES} resamples, three metrics; equal intervals")
    print(f"loop {seconds[loop]:.2f} s, at once {seconds[at_once]:.2f} s, ratio {seconds[loop] / seconds[at_once]:.1f}")


if __name__ == "__main__":
    main()
