"""The object that is drawn as a set's example."""

import numpy as np

from astrocnn.samples.example import example_row
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter


def write(folder, meta, pixels, label, **columns):
    number = np.arange(len(label))
    folder.mkdir()
    with ShardWriter(folder / "part-0000.h5", meta) as writer:
        writer.append(pixels(number), {"id": number.astype(str).astype(object), "label": np.array(label), **columns})
    return SampleSet.open(folder)


def test_the_positive_with_the_largest_radius(tmp_path, meta, pixels):
    radius = np.array([9.0, 1.0, np.nan, 2.0])
    samples = write(tmp_path / "a", meta, pixels, [0, 1, 1, 1], einstein_radius_arcsec=radius, snr=np.arange(4.0))
    assert example_row(samples) == (3, "lens", "einstein_radius_arcsec")
    samples = write(tmp_path / "b", meta, pixels, [0, 1, 1, 1], snr=np.array([9, 3, 2, 1]))
    assert example_row(samples) == (1, "lens", "snr")


def test_without_positives_or_numbers_the_first(tmp_path, meta, pixels):
    assert example_row(write(tmp_path / "a", meta, pixels, [0, 0])) == (0, "stamp", None)
    assert example_row(write(tmp_path / "b", meta, pixels, [0, 1])) == (1, "lens", None)
