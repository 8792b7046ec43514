"""One shuffled epoch of a SampleSet: its own batches against reading HDF5 rows one by one, as a data loader would.

Both read every object of the same file once, in the same order, and must give the same sums. The file is made for it.
Run: `python benchmarks/shuffled_batches.py`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import h5py
import numpy as np

from astrocnn.samples.batches import epoch_order
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter

NUMBER, SHAPE, SIZE, SEED = 2048, (65, 65, 3), 32, 1


def write(path: Path) -> None:
    """Stamps of whole levels, which compress as a display picture's do."""
    random = np.random.default_rng(0)
    meta = SampleMeta(kind="images", shape=SHAPE, bands=("red", "green", "blue"))
    with ShardWriter(path, meta) as writer:
        for start in range(0, NUMBER, 256):
            levels = np.clip(random.normal(12, 5, (256, *SHAPE)), 0, 255).round()
            writer.append(levels, {"id": np.array([f"object-{start + k:05d}" for k in range(256)], object)})


def rows_one_by_one(path: Path) -> np.ndarray:
    """Open the file once, read each row as it comes."""
    sums = []
    with h5py.File(path) as file:
        order = epoch_order(NUMBER, SEED, epoch=0)
        for start in range(0, NUMBER, SIZE):
            batch = np.stack([file["data"][row] for row in order[start : start + SIZE]])
            sums.append(batch.sum(dtype=np.float64))
    return np.array(sums)


def shuffled_batches(path: Path) -> np.ndarray:
    """The package's batches."""
    batches = SampleSet.open(path).shuffled_batches(SIZE, SEED, epoch=0)
    return np.array([batch.data.sum(dtype=np.float64) for batch in batches])


def main() -> None:
    seconds, sums = {}, {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "samples.h5"
        write(path)
        megabytes = NUMBER * np.prod(SHAPE) * 4 / 1e6
        shuffled_batches(path)  # so that both find the file in the page cache
        for read in (rows_one_by_one, shuffled_batches):
            start = perf_counter()
            sums[read] = read(path)
            seconds[read] = perf_counter() - start
    if not np.array_equal(sums[rows_one_by_one], sums[shuffled_batches]):
        raise SystemExit("the batches differ")
    print(f"{NUMBER} objects of {' x '.join(map(str, SHAPE))}, {megabytes:.0f} MB, batches of {SIZE}; equal sums")
    print(
        f"row by row {seconds[rows_one_by_one]:.1f} s, shuffled batches {seconds[shuffled_batches]:.2f} s, "
        f"ratio {seconds[rows_one_by_one] / seconds[shuffled_batches]:.0f}; "
        f"{megabytes / seconds[shuffled_batches]:.0f} MB a second"
    )


if __name__ == "__main__":
    main()
