"""Small sets whose every value says which object it belongs to."""

import numpy as np
import pytest

from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter


@pytest.fixture
def meta():
    return SampleMeta(
        kind="images",
        shape=(4, 3, 2),
        bands=("g", "r"),
        scale=0.2,
        scale_unit="arcsec",
        classes=("galaxy", "lens"),
        positive="lens",
    )


@pytest.fixture
def pixels(meta):
    """pixels(numbers): images of object numbers: number + a pattern that differs in y, x and band."""
    pattern = np.arange(np.prod(meta.shape)).reshape(meta.shape) / 1024

    def of(numbers):
        return (np.asarray(numbers)[:, None, None, None] + pattern).astype(np.float32)

    return of


@pytest.fixture
def make_set(tmp_path, meta, pixels):
    """make_set(lengths): a set of shards of these lengths, objects numbered through, seven in ten to train."""

    def make(lengths, folder="set"):
        (tmp_path / folder).mkdir()
        start = 0
        for index, length in enumerate(lengths):
            number = np.arange(start, start + length)
            with ShardWriter(tmp_path / folder / f"part-{index:04d}.h5", meta) as writer:
                table = {
                    "id": np.array([f"object-{k}" for k in number], dtype=object),
                    "label": number % 2,
                    "split": np.where(number % 10 < 7, "train", np.where(number % 10 < 9, "validation", "test")),
                    "number": number,
                }
                writer.append(pixels(number), table)
            start += length
        return SampleSet.open(tmp_path / folder)

    return make
