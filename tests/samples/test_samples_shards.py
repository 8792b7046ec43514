"""Shards hold what was appended, are readable without the package, and are whole or not there."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrocnn.errors import DataError, StoreError
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import CHUNK, WCS_NAMES, ShardWriter


def names(numbers):
    return np.array([f"object-{k}" for k in numbers])


def test_h5py_alone_reads_a_shard(tmp_path, meta, pixels):
    number = np.arange(100)
    wcs = np.arange(800.0).reshape(100, 8)
    ring = number > 50
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(pixels(number), {"id": names(number), "ring": ring}, mask=pixels(number) > 50, wcs=wcs)
    with h5py.File(tmp_path / "a.h5", "r") as file:
        assert file["data"].chunks == (CHUNK, *meta.shape)
        assert file["data"].dtype == np.dtype("<f4")
        assert [axis.label for axis in file["data"].dims] == ["object", "y", "x", "band"]
        np.testing.assert_array_equal(file["data"][()], pixels(number))
        np.testing.assert_array_equal(file["mask"][()], pixels(number) > 50)
        np.testing.assert_array_equal(file["wcs"][()], wcs)
        assert tuple(file["wcs"].attrs["names"]) == WCS_NAMES
        assert file["table/id"].asstr()[[0, 99]].tolist() == ["object-0", "object-99"]
        np.testing.assert_array_equal(file["table/ring"][()], ring)
        description = json.loads(file.attrs["astrocnn"])
    assert (description["format_version"], description["number"]) == (1, 100)
    assert SampleMeta.model_validate(description["meta"]) == meta


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(0, 150), min_size=1, max_size=5))
def test_bytes_do_not_depend_on_how_rows_are_appended(tmp_path, meta, pixels, lengths):
    number = np.arange(sum(lengths))
    edges = np.cumsum([0, *lengths])
    for path, pieces in (("once", [number]), ("often", np.split(number, edges[1:-1]))):
        with ShardWriter(tmp_path / path, meta) as writer:
            for piece in pieces:
                writer.append(pixels(piece), {"id": names(piece), "number": piece}, variance=pixels(piece))
    assert (tmp_path / "once").read_bytes() == (tmp_path / "often").read_bytes()


@pytest.mark.parametrize(
    "as_given",
    [
        lambda data: data.astype(">f4"),
        lambda data: data.astype(np.float64),
        lambda data: data.astype(">f8"),
        np.asfortranarray,
        lambda data: np.repeat(data, 2, axis=2)[:, :, ::2],
        lambda data: data[:, ::-1][:, ::-1],
    ],
    ids=["big-endian", "float64", "big-endian float64", "column order", "strided", "reversed twice"],
)
def test_any_layout_gives_native_contiguous_float32(tmp_path, meta, pixels, as_given):
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(as_given(pixels(range(70))), {"id": names(range(70))})
    data = SampleSet.open(tmp_path / "a.h5").read([69, 0])
    np.testing.assert_array_equal(data, pixels([69, 0]))
    assert data.dtype == np.float32
    assert data.dtype.isnative
    assert data.flags.c_contiguous


def test_many_small_objects_come_back_whatever_the_pieces(tmp_path):
    """More than is written at once, in pieces that end anywhere: nothing is lost or written twice."""
    meta = SampleMeta(kind="curves", shape=(9, 1), bands=("flux",))
    data = np.random.default_rng(1).normal(size=(40_000, 9, 1)).astype(np.float32)
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        for rows in np.split(np.arange(len(data)), [1, 64, 700, 30_000, 38_999]):
            writer.append(data[rows], {"id": names(rows)}, mask=data[rows] > 0)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["data"][()], data)
        np.testing.assert_array_equal(file["mask"][()], data > 0)
        assert file["table/id"].asstr()[-1] == names([39_999])[0]


def test_whole_numbers_from_a_camera_are_taken(tmp_path, meta):
    counts = np.full((2, *meta.shape), 65535, ">u2")
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(counts, {"id": names(range(2))})
    np.testing.assert_array_equal(SampleSet.open(tmp_path / "a.h5").read([1]), counts[:1].astype(np.float32))


def test_noise_is_stored_as_it_is_and_pictures_are_compressed(tmp_path):
    meta = SampleMeta(kind="images", shape=(32, 32, 1), bands=("g",))
    noise = np.random.default_rng(1).normal(size=(CHUNK, 32, 32, 1))
    stored = {}
    for name, data in (("noise", noise), ("picture", np.round(20 * noise))):
        with ShardWriter(tmp_path / name, meta) as writer:
            writer.append(data, {"id": names(range(CHUNK))}, mask=data > 1)
        with h5py.File(tmp_path / name, "r") as file:
            stored[name] = file["data"].compression, file["mask"].compression, file["data"].fletcher32
    assert stored == {"noise": (None, "gzip", True), "picture": ("gzip", "gzip", True)}


def test_a_few_objects_do_not_take_the_room_of_a_chunk(tmp_path):
    meta = SampleMeta(kind="images", shape=(64, 64, 3), bands=("g", "r", "i"))
    noise = np.random.default_rng(1).normal(size=(2, 64, 64, 3))
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(noise, {"id": names(range(2))})
    assert (tmp_path / "a.h5").stat().st_size < 2 * 64 * 64 * 3 * 4 + 100_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": np.zeros((2, 4, 3))}, "data of another shape"),
        ({"data": np.float32(1)}, "data of another shape"),
        ({"data": np.zeros((2, 4, 3, 2), complex)}, "differ from earlier calls; received data"),
        ({"variance": np.zeros((2, 4, 3, 1))}, "variance of another shape"),
        ({"wcs": np.zeros((2, 7))}, "wcs of another shape"),
        ({"wcs": None}, "differ from earlier calls; received wcs"),
        ({"mask": np.zeros((2, 4, 3, 2), bool)}, "received mask"),
        ({"psf": np.zeros((2, 5, 5, 2))}, "received psf"),
        ({"table": {"id": ["a", "b"]}}, "received table/ring"),
        ({"table": {"id": ["a", "b"], "ring": [1, 2]}}, "received table/ring"),
        ({"table": {"id": ["a", "b"], "ring": ["x", "y"]}}, "received table/ring"),
    ],
)
def test_every_call_appends_the_same_kind_of_rows(tmp_path, meta, pixels, change, message):
    first = {
        "data": pixels(range(2)),
        "table": {"id": ["a", "b"], "ring": [True, False]},
        "wcs": np.zeros((2, 8)),
        "variance": pixels(range(2)),
    }
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(**first)
        with pytest.raises(DataError, match=message):
            writer.append(**(first | change))
        writer.append(**first)  # a refused call leaves nothing behind
    assert len(SampleSet.open(tmp_path / "a.h5")) == 4


def test_no_file_where_writing_failed(tmp_path, meta, pixels):
    def interrupted():
        with ShardWriter(tmp_path / "a.h5", meta) as writer:
            writer.append(pixels(range(80)), {"id": names(range(80))})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_an_unfinished_file_is_no_shard(tmp_path, meta, pixels):
    writer = ShardWriter(tmp_path / "a.h5", meta)
    writer.append(pixels(range(80)), {"id": names(range(80))})
    with pytest.raises(StoreError, match=r"a\.h5.*to fix"):
        SampleSet.open(tmp_path / "a.h5")
    writer.close()
    writer.close()
    assert len(SampleSet.open(tmp_path / "a.h5")) == 80


def test_a_folder_that_is_not_there_is_an_error_with_a_cure(tmp_path, meta):
    with pytest.raises(StoreError, match=r"cannot be written.*to fix"):
        ShardWriter(tmp_path / "missing" / "a.h5", meta)


FULL_DISK = """
import resource, sys
import numpy as np
from astrocnn.errors import StoreError
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shards import ShardWriter
rows, limit = int(sys.argv[2]), 500_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
noise = np.random.default_rng(0).normal(size=(rows, 32, 32, 1))
try:
    with ShardWriter(sys.argv[1], SampleMeta(kind="images", shape=(32, 32, 1), bands=("g",))) as writer:
        writer.append(noise, {"id": [str(k) for k in range(rows)]})
        sys.stdout.write("appended ")
except StoreError as error:
    sys.stdout.write(str(error))
"""


@pytest.mark.parametrize(("rows", "when"), [(640, "append"), (256, "close"), (64 + 63, "close")])
def test_a_full_disk_is_one_error_and_leaves_no_file(tmp_path, rows, when):
    """In a process of its own: HDF5 left to itself ends with a segmentation fault here."""
    pytest.importorskip("resource", reason="limits on file size are Unix's")
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "a.h5"), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert "File too large" in done.stdout
    assert done.stdout.startswith("appended") == (when == "close")
    assert not list(tmp_path.iterdir())
