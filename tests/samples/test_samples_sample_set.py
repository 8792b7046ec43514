"""Sets read from shards: rows in any order, views, agreement, damage, and bounded resources."""

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrocnn.errors import InputMissing, StoreError, UnknownName
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter

LENGTHS = [70, 0, 3, 130]
NUMBER = sum(LENGTHS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(indices=st.lists(st.integers(-NUMBER, NUMBER - 1), max_size=40))
def test_rows_come_in_the_order_asked_for(tmp_path_factory, request, indices, pixels):
    samples = request.getfixturevalue("sample_set")
    expected = np.array(indices, int) % NUMBER
    np.testing.assert_array_equal(samples.read(np.array(indices)), pixels(expected))


@pytest.fixture
def sample_set(make_set):
    return make_set(LENGTHS)


def test_the_set_is_its_shards_in_the_order_of_their_names(sample_set, meta):
    assert len(sample_set) == NUMBER
    assert sample_set.meta == meta
    assert sample_set.columns[:2] == ("id", "ra")
    assert sample_set.columns[-1] == "number"
    np.testing.assert_array_equal(sample_set.column("number"), np.arange(NUMBER))
    assert sample_set.ids[-1] == f"object-{NUMBER - 1}"
    assert sample_set.planes == ()


def test_a_list_of_shards_keeps_its_order(sample_set):
    files = sample_set.shards
    assert SampleSet.open(files[::-1]).column("number")[0] == 73
    assert len(SampleSet.open(files[3])) == 130


def test_folders_inside_are_not_read(make_set, tmp_path):
    make_set([5])
    (tmp_path / "set" / "inner").mkdir()
    (tmp_path / "set" / "part-0000.h5").rename(tmp_path / "set" / "inner" / "part-0000.h5")
    with pytest.raises(InputMissing, match=r"no samples.*\*\.h5"):
        SampleSet.open(tmp_path / "set")


def test_a_link_that_moves_does_not_mix_two_sets(make_set, tmp_path):
    make_set([5], "old")
    make_set([9], "new")
    link = tmp_path / "current"
    link.symlink_to("old")
    samples = SampleSet.open(link)
    link.unlink()
    link.symlink_to("new")
    samples.close()
    assert len(samples.read(np.arange(5))) == 5
    assert {path.parent.name for path in samples.shards} == {"old"}


def test_views_of_views(sample_set, pixels):
    lenses = sample_set.select(sample_set.column("label") == 1)
    chosen = lenses.select([5, 3, 3, -1])
    assert chosen.column("number").tolist() == [11, 7, 7, NUMBER - 2]
    np.testing.assert_array_equal(chosen.read([3, 1]), pixels([NUMBER - 2, 7]))
    assert len(sample_set.select([])) == 0
    assert sample_set.select(np.zeros(NUMBER, bool)).read([]).shape == (0, 4, 3, 2)


@pytest.mark.parametrize(
    ("which", "error"), [([NUMBER], IndexError), ([-NUMBER - 1], IndexError), ([0.5], TypeError), ([True], ValueError)]
)
def test_positions_outside_are_refused(sample_set, which, error):
    with pytest.raises(error, match="expected"):
        sample_set.select(which)


def test_splits_are_views(sample_set):
    both = sample_set.split("train + validation")
    np.testing.assert_array_equal(both.column("number"), np.flatnonzero(np.arange(NUMBER) % 10 < 9))
    assert len(sample_set.split("test")) + len(both) == NUMBER


def test_an_unknown_split_lists_those_present(sample_set):
    with pytest.raises(UnknownName, match=r"'tests'.*test, train, validation"):
        sample_set.split("train+tests")


def test_an_unknown_column_lists_those_present(sample_set):
    with pytest.raises(UnknownName, match=r"'radius'.*id, ra, dec"):
        sample_set.column("radius")


def test_columns_are_shared_and_so_not_writeable(sample_set):
    with pytest.raises(ValueError, match="read-only"):
        sample_set.column("label")[0] = 1


def test_a_set_without_objects(make_set):
    empty = make_set([0])
    assert len(empty) == len(empty.split("train")) == 0
    assert list(empty.batches(4)) == list(empty.shuffled_batches(4, 1, 0)) == []
    assert empty.summary()["classes"] == {}
    assert len(empty.table) == 0
    assert empty.ids.dtype.kind == "U"


def test_summary_counts(sample_set):
    summary = sample_set.summary()
    assert summary["classes"] == {"galaxy": 102, "lens": 101}
    assert sum(summary["splits"]["train"].values()) == np.count_nonzero(np.arange(NUMBER) % 10 < 7)
    assert summary["bytes"] == NUMBER * 4 * 3 * 2 * 4
    assert summary["shape"] == [4, 3, 2]


def test_the_table_is_an_astropy_table(sample_set):
    table = sample_set.split("test").table
    assert table["number"].tolist() == list(range(9, NUMBER, 10))
    assert table.meta["bands"] == ["g", "r"]


def test_an_object_by_its_id(sample_set, pixels):
    assert "object-9" in sample_set
    assert next(iter(sample_set)) == "object-0"
    image = sample_set["object-9"]
    np.testing.assert_array_equal(image.data, pixels([9])[0])
    assert (image.meta["split"], image.meta["bands"]) == ("test", ("g", "r"))
    assert image.wcs is image.mask is image.uncertainty is None
    with pytest.raises(UnknownName, match=r"'object-x'; to fix, did you mean object-\d"):
        sample_set["object-x"]


def test_the_position_of_an_object(sample_set):
    assert sample_set.position("object-9") == 9
    assert sample_set.split("test").position("object-19") == 1
    with pytest.raises(UnknownName, match=r"'J1'; to fix, choose one of its 203 ids, such as object-0, object-1"):
        sample_set.position("J1")
    with pytest.raises(UnknownName, match=r"no object has the id 'object-9'$"):
        sample_set.select(np.array([], int)).position("object-9")


def test_variance_mask_psf_and_wcs_come_back(tmp_path, meta, pixels):
    from astropy.wcs import WCS

    number = np.arange(100)
    reference = WCS({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 2.5, "CRPIX2": 1.5, "CRVAL1": 53.1625,
                     "CRVAL2": -27.7914, "CD1_1": -5e-5, "CD1_2": 1e-6, "CD2_1": 2e-6, "CD2_2": 5.1e-5})  # fmt: skip
    parameters = np.tile([2.5, 1.5, 53.1625, -27.7914, -5e-5, 1e-6, 2e-6, 5.1e-5], (100, 1))
    parameters[7] = np.nan
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(
            pixels(number),
            {"id": [f"o{k}" for k in number]},
            variance=pixels(number) ** 2,
            mask=pixels(number) % 1 > 0.01,
            psf=np.ones((100, 5, 7, 2)) * number[:, None, None, None],
            wcs=parameters,
        )
    samples = SampleSet.open(tmp_path)
    assert samples.planes == ("variance", "mask", "psf", "wcs")
    np.testing.assert_array_equal(samples.read_variance([99, 3]), pixels([99, 3]) ** 2)
    np.testing.assert_array_equal(samples.read_mask([99, 3]), pixels([99, 3]) % 1 > 0.01)
    np.testing.assert_array_equal(samples.read_psf([5]), np.full((1, 5, 7, 2), 5, np.float32))
    np.testing.assert_array_equal(samples.read_wcs([6, 7]), parameters[6:8])

    image = samples["o42"]
    np.testing.assert_array_equal(image.uncertainty.array, pixels([42])[0] ** 2)
    np.testing.assert_array_equal(image.mask, pixels([42])[0] % 1 > 0.01)
    sky, expected = image.wcs.pixel_to_world([0, 2], [0, 3]), reference.pixel_to_world([0, 2], [0, 3])
    assert sky.frame.name == "icrs"
    assert np.all(sky.separation(expected.icrs).arcsec < 1e-8)
    assert samples["o7"].wcs is None


def test_planes_that_are_absent_are_named(sample_set):
    with pytest.raises(StoreError, match="no variance"):
        sample_set.read_variance([0])


def test_curves(tmp_path):
    curves = np.random.default_rng(1).normal(size=(10, 180, 2))
    meta = SampleMeta(kind="curves", shape=(180, 2), bands=("flux", "centroid"), scale=0.5, scale_unit="hour")
    with ShardWriter(tmp_path / "a.h5", meta) as writer:
        writer.append(curves, {"id": [str(k) for k in range(10)]})
    np.testing.assert_array_equal(SampleSet.open(tmp_path)["3"].data, curves[3].astype(np.float32))


def write_shard(path, meta, **change):
    arguments = {"data": np.zeros((3, *meta.shape)), "table": {"id": ["a", "b", "c"], "radius": np.ones(3)}}
    with ShardWriter(path, meta) as writer:
        writer.append(**(arguments | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": {"id": ["a", "b", "c"]}}, "column radius"),
        ({"table": {"id": ["a", "b", "c"], "radius": ["1", "2", "3"]}}, "column radius"),
        ({"table": {"id": ["a", "b", "c"], "radius": np.ones((3, 2))}}, "column radius"),
        ({"mask": np.zeros((3, 4, 3, 2), bool)}, "array mask"),
        ({"meta": {"bands": ("g", "i")}}, r"bands; expected \('g', 'r'\); received \('g', 'i'\)"),
        ({"meta": {"scale": 0.25}}, "scale"),
    ],
)
def test_shards_that_disagree_are_named(tmp_path, meta, change, message):
    other = meta.model_copy(update=change.get("meta", {}))
    write_shard(tmp_path / "a.h5", meta)
    write_shard(tmp_path / "b.h5", other, **{name: value for name, value in change.items() if name != "meta"})
    with pytest.raises(StoreError, match=rf"b\.h5: the shard differs from a\.h5 in {message}"):
        SampleSet.open(tmp_path)


def damage_data(path):
    with h5py.File(path, "r") as file:
        offset = file["data"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[offset + 40] ^= 1
    path.write_bytes(content)


def truncate(path):
    os.truncate(path, path.stat().st_size - 100)


def change_attribute(value):
    def change(path):
        with h5py.File(path, "r+") as file:
            file.attrs["astrocnn"] = value(file.attrs["astrocnn"])

    return change


def drop(name):
    def change(path):
        with h5py.File(path, "r+") as file:
            del file[name]

    return change


def shorten(path):
    with h5py.File(path, "r+") as file:
        file["table/radius"].resize(2, axis=0)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_data, "cannot be read"),
        (truncate, "cannot be read"),
        (lambda path: path.write_text("not HDF5"), "cannot be read"),
        (lambda path: path.unlink(), "cannot be read.*No such file"),
        (change_attribute(lambda text: text[:50]), "not JSON"),
        (change_attribute(lambda text: text.replace("images", "pictures")), "meta cannot be used"),
        (change_attribute(lambda text: text.replace('"format_version": 1', '"format_version": 2')), "received 2"),
        (drop("data"), "cannot be read"),
        (drop("table/label"), "disagree"),
        (shorten, r"disagree; expected 3; received \{'radius': 2\}"),
    ],
)
def test_a_damaged_shard_is_named_with_a_cure(tmp_path, meta, damage, message):
    write_shard(tmp_path / "a.h5", meta)
    damage(tmp_path / "a.h5")
    with pytest.raises(StoreError, match=rf"a\.h5: .*{message}.*to fix") as caught:
        SampleSet.open([tmp_path / "a.h5"]).read([0])
    assert caught.value.exit_code == 1


def test_h5py_files_that_are_no_shards(tmp_path):
    h5py.File(tmp_path / "a.h5", "w").close()
    with pytest.raises(StoreError, match="not a finished shard"):
        SampleSet.open(tmp_path)


def open_shards(folder):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("descriptors are counted through /proc")
    return sum(os.path.realpath(link).startswith(str(folder)) for link in descriptors.iterdir())


def test_few_files_are_open_at_a_time_and_none_in_a_pickle(make_set, pixels, tmp_path):
    samples = make_set([2] * 40)
    np.testing.assert_array_equal(samples.read(np.arange(80)), pixels(np.arange(80)))
    before = open_shards(tmp_path)
    assert 0 < before <= 16
    copy = pickle.loads(pickle.dumps(samples.split("test")))
    assert open_shards(tmp_path) == before
    np.testing.assert_array_equal(copy.read([1]), pixels([19]))
    copy.close()
    samples.close()
    assert open_shards(tmp_path) == 0
    np.testing.assert_array_equal(samples.read([79]), pixels([79]))


def test_another_process_reads_a_pickled_set(make_set, tmp_path):
    samples = make_set([100])
    (tmp_path / "set.pickle").write_bytes(pickle.dumps(samples.split("test")))
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).read([0])[0, 0, 0, 0])"
    command = [sys.executable, "-c", code, str(tmp_path / "set.pickle")]
    assert float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout) == 9


def test_threads_share_a_set(make_set, pixels):
    samples = make_set([3] * 30)
    wrong = []

    def read(seed):
        indices = np.random.default_rng(seed).integers(0, 90, 60)
        if not np.array_equal(samples.read(indices), pixels(indices)):
            wrong.append(seed)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_importing_samples_is_light():
    code = """
import sys
import astrocnn.samples.sample_set, astrocnn.samples.splits, astrocnn.samples.stamp_wcs
print([name for name in ("h5py", "astropy", "keras", "tensorflow", "scipy") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


LARGE = """
import resource, sys
import h5py, numpy as np
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
resource_used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
noise = np.random.default_rng(0).normal(size=(256, 64, 64, 3)).astype("f4")
before = resource_used()
meta = SampleMeta(kind="images", shape=(64, 64, 3), bands=("g", "r", "i"))
with ShardWriter(sys.argv[1], meta) as writer:
    for block in range(12):
        ids = [str(256 * block + k) for k in range(256)]
        writer.append(noise, {"id": ids, "split": ["train", "test"] * 128})
samples = SampleSet.open(sys.argv[1])
seen = sum(len(batch.indices) for batch in samples.split("train").shuffled_batches(100, 1, 0, buffer=512))
seen += sum(len(batch.indices) for batch in samples.batches(100))
print(seen, resource_used() - before)
"""


def test_memory_does_not_grow_with_the_set(tmp_path):
    """151 MB written, shuffled and read in order in 75 MB: a segment of 1024 (50 MB), a chunk twice, two batches."""
    pytest.importorskip("resource", reason="peak memory is read the Unix way")
    command = [sys.executable, "-c", LARGE, str(tmp_path / "a.h5")]
    seen, grown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    assert (tmp_path / "a.h5").stat().st_size > 150e6
    assert int(seen) == 3072 + 1536
    assert float(grown) < 90
