"""LightCurves: ragged shards hold what was appended, are read in any order, and need h5py alone."""

import json
import pickle
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrocnn.errors import DataError, InputMissing, StoreError, UnknownName
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_merge import ShardFacts, merge_shards, runs_to_merge
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import FORMAT_VERSION, POINT_CHUNK, CurveWriter
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.sample_set import SampleSet

META = CurveMeta(
    time_system="BJD_TDB", time_reference_day=2450000.0, quantity="magnitude", unit="mag", bands=("g", "r"),
)  # fmt: skip


def curve(number, points, bands=("g", "r")):
    """Curve whose every value says which object and point it belongs to."""
    steps = np.arange(points)
    return LightCurve(
        f"star-{number}", 100.0 * number + steps, (number + steps / 1024).astype(np.float32),
        np.full(points, 0.01 * (number + 1), np.float32), steps.astype(np.int32) % 3,
        (steps % len(bands)).astype(np.int16), bands,
    )  # fmt: skip


def write(path, numbers, lengths, meta=META, bands=("g", "r"), **table):
    curves = [curve(number, points, bands) for number, points in zip(numbers, lengths, strict=True)]
    with CurveWriter(path, meta) as writer:
        writer.append(curves, table)
    return curves


@pytest.fixture
def product(tmp_path):
    """Nine curves in three shards, one of them empty."""
    lengths = np.array([3, 0, 5, 1, 7, 2, 4, 6, 8])
    classes = np.array(["rr_lyrae", "", "mira"] * 3, object)
    splits = np.array(["train"] * 6 + ["test"] * 3, object)
    for name, rows in (("a", slice(0, 4)), ("b", slice(4, 4)), ("c", slice(4, 9))):
        write(
            tmp_path / f"{name}.curves.h5", np.arange(9)[rows], lengths[rows],
            **{"class": classes[rows], "split": splits[rows], "period_day": np.arange(9.0)[rows]},
        )  # fmt: skip
    return LightCurves.open(tmp_path)


def assert_same(found, expected):
    assert found.id == expected.id
    for name in ("time", "value", "error", "quality", "band"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_h5py_alone_reads_a_shard(tmp_path):
    curves = write(tmp_path / "a.curves.h5", [4, 7], [3, 5], ra=np.array([10.0, 20.0]))
    with h5py.File(tmp_path / "a.curves.h5") as file:
        described = json.loads(file.attrs["astrocnn"])
        first, stop = file["offsets"][1], file["offsets"][2]
        np.testing.assert_array_equal(file["time"][first:stop], curves[1].time)
        np.testing.assert_array_equal(file["value"][first:stop], curves[1].value)
        assert [list(file["band"].attrs["names"])[k] for k in file["band"][first:stop]] == ["g", "r", "g", "r", "g"]
        assert file["table/id"].asstr()[1] == "star-7"
        assert file["table/ra"][1] == 20.0
        assert {name: file[name].dtype.str for name in ("time", "value", "error", "quality", "band", "offsets")} == {
            "time": "<f8", "value": "<f4", "error": "<f4", "quality": "<i4", "band": "<i2", "offsets": "<i8",
        }  # fmt: skip
        assert file["time"].chunks == (POINT_CHUNK,)
    assert described["format_version"] == FORMAT_VERSION
    assert (described["number"], described["points"]) == (2, 8)
    assert described["meta"]["time_system"] == "BJD_TDB"
    assert described["meta"]["time_reference_day"] == 2450000.0
    assert described["meta"]["time_unit"] == "day"
    assert (described["meta"]["quantity"], described["meta"]["unit"]) == ("magnitude", "mag")
    assert described["meta"]["bands"] == ["g", "r"]


def test_curves_come_in_the_order_of_the_shards(product):
    assert product.ids.tolist() == [f"star-{number}" for number in range(9)]
    assert product.column("points").tolist() == [3, 0, 5, 1, 7, 2, 4, 6, 8]
    for number, found in enumerate(product.each()):
        assert_same(found, curve(number, len(found)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(indices=st.lists(st.integers(-9, 8), max_size=15))
def test_any_order_and_repetition(product, indices):
    block = product.read(np.array(indices, int))
    assert len(block) == len(indices)
    for index, found in zip(indices, block, strict=True):
        assert_same(found, product.curve(index))
        assert found.id == product.ids[index]


def test_a_block_is_written_as_its_curves_would_be(product, tmp_path):
    block = product.read(np.array([8, 2, 5, 1]))
    turned = META.model_copy(update={"bands": ("r", "i", "g")})
    with CurveWriter(tmp_path / "whole.curves.h5", turned) as writer:
        writer.append(block, {"class": np.array(["a", "b", "c", "d"], object)})
        writer.append(block.where(np.array([False, True, False, True])), {"class": np.array(["b", "d"], object)})
    found = LightCurves.open(tmp_path / "whole.curves.h5")
    assert found.ids.tolist() == ["star-8", "star-2", "star-5", "star-1", "star-2", "star-1"]
    assert found.column("class").tolist() == ["a", "b", "c", "d", "b", "d"]
    for written, number in zip(found.each(), (8, 2, 5, 1, 2, 1), strict=True):
        given_ = product.curve(number)
        np.testing.assert_array_equal(written.value, given_.value)
        assert [written.bands[k] for k in written.band] == [given_.bands[k] for k in given_.band]
    with CurveWriter(tmp_path / "fewer.curves.h5", META.model_copy(update={"bands": ("g",)})) as writer:
        with pytest.raises(DataError, match="a band that the file has not"):
            writer.append(block, {})
        writer.append([curve(3, 2, ("g",))], {})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.integers(1, 40))
def test_blocks_hold_every_curve_once(product, points):
    blocks = list(product.blocks(points))
    assert np.concatenate([block.indices for block in blocks]).tolist() == list(range(9))
    assert all(len(block.time) <= points or len(block) == 1 for block in blocks)
    np.testing.assert_array_equal(np.concatenate([block.time for block in blocks]), product.read(np.arange(9)).time)


def test_views(product):
    test = product.split("test")
    assert [found.id for found in test.each()] == ["star-6", "star-7", "star-8"]
    chosen = product.select(product.column("period_day") > 6)
    assert_same(chosen.curve(-1), curve(8, 8))
    assert chosen.read(np.array([1])).indices.tolist() == [1]
    assert "star-7" in chosen
    assert "star-1" not in chosen
    with pytest.raises(UnknownName, match="no object is in the split"):
        product.split("validation")


def test_labels_follow_from_classes(product):
    assert product.meta.classes == ("mira", "rr_lyrae")
    assert product.column("label").tolist() == [1, -1, 0] * 3
    assert product.summary()["classes"] == {"unknown": 3, "mira": 3, "rr_lyrae": 3}
    assert product.summary()["splits"]["test"] == {"unknown": 1, "mira": 1, "rr_lyrae": 1}


def test_stated_classes_keep_their_order(tmp_path):
    meta = META.model_copy(update={"classes": ("rr_lyrae", "mira")})
    write(tmp_path / "a.curves.h5", [0, 1], [2, 2], meta, **{"class": np.array(["mira", "quasar"], object)})
    assert LightCurves.open(tmp_path).column("label").tolist() == [1, -1]


def test_one_curve_is_a_time_series(product):
    series = product["star-4"]
    assert series.time.scale == "tdb"
    np.testing.assert_allclose((series.time.jd1 - 2450000.0) + series.time.jd2, 400 + np.arange(7), atol=1e-9)
    assert str(series["mag"].unit) == str(series["mag_error"].unit) == "mag"
    assert series["band"].tolist() == ["g", "r", "g", "r", "g", "r", "g"]
    assert series.meta["class"] == ""
    assert series.meta["time_system"] == "BJD_TDB"
    with pytest.raises(UnknownName, match="no object has the id 'star-9'"):
        product["star-9"]


def test_relative_times_and_unknown_units(tmp_path):
    meta = CurveMeta(time_system="relative", quantity="flux", bands=("",))
    write(tmp_path / "a.curves.h5", [2], [3], meta, bands=("",))
    series = LightCurves.open(tmp_path)["star-2"]
    np.testing.assert_allclose(series.time.to_value("day"), [200, 201, 202])
    assert str(series["flux"].unit) == ""


def test_points_of_one_band(product):
    green = product.curve(4).in_band("g")
    assert green.time.tolist() == [400, 402, 404, 406]
    with pytest.raises(UnknownName, match="no band 'z'"):
        green.in_band("z")


def test_bands_and_columns_of_shards_are_brought_together(tmp_path):
    write(tmp_path / "a.curves.h5", [0], [4], sector=np.array([3]), note=np.array(["x"], object))
    other = META.model_copy(update={"bands": ("z", "r")})
    write(tmp_path / "b.curves.h5", [1], [4], other, ("z", "r"), camera=np.array([2.5]))
    found = LightCurves.open(tmp_path)
    assert found.meta.bands == ("g", "r", "z")
    names = [[found.meta.bands[k] for k in one.band] for one in found.each()]
    assert names == [["g", "r", "g", "r"], ["z", "r", "z", "r"]]
    np.testing.assert_array_equal(found.column("sector"), [3, np.nan])
    np.testing.assert_array_equal(found.column("camera"), [np.nan, 2.5])
    assert found.column("note").tolist() == ["x", ""]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"time_system": "HJD_UTC"}, "HJD_UTC - 2450000"),
        ({"time_reference_day": 2400000.5}, "BJD_TDB - 2400000.5"),
        ({"quantity": "flux", "unit": "mJy"}, "flux in mJy"),
        ({"unit": None}, "without a unit"),
    ],
)
def test_shards_of_other_kinds_are_told(tmp_path, change, told):
    write(tmp_path / "a.curves.h5", [0], [4])
    write(tmp_path / "b.curves.h5", [1], [4], CurveMeta.model_validate(META.model_dump() | change))
    with pytest.raises(StoreError, match=r"differ in kind from those of a\.curves\.h5") as caught:
        LightCurves.open(tmp_path)
    assert told in str(caught.value)


def test_a_shard_without_curves_agrees_with_any(tmp_path):
    write(tmp_path / "a.curves.h5", [], [], CurveMeta(time_system="unknown", quantity="flux"))
    assert len(LightCurves.open(tmp_path)) == 0
    assert list(LightCurves.open(tmp_path).blocks()) == []
    write(tmp_path / "b.curves.h5", [1], [4])
    assert LightCurves.open(tmp_path).meta == META


def test_samples_and_curves_are_not_taken_for_each_other(product, make_set):
    with pytest.raises(StoreError, match="expected astrocnn samples; received astrocnn light curves"):
        SampleSet.open(product.shards)
    with pytest.raises(StoreError, match="expected astrocnn light curves; received astrocnn samples"):
        LightCurves.open(make_set([3]).shards)


def test_what_cannot_be_written_is_told(tmp_path):
    with pytest.raises(DataError, match="a band that the file has not"):
        write(tmp_path / "a.curves.h5", [1], [4], bands=("g", "z"))
    with pytest.raises(DataError, match="no labels of their own"):
        write(tmp_path / "a.curves.h5", [1], [4], label=np.array([1]))
    with pytest.raises(DataError, match="not one row an object"):
        write(tmp_path / "a.curves.h5", [1], [4], ra=np.array([1.0, 2.0]))
    assert not (tmp_path / "a.curves.h5").exists()
    with pytest.raises(InputMissing):
        LightCurves.open(tmp_path)


def test_damage_is_found(product):
    product.close()
    path = product.shards[2]
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        start = file["value"].id.get_chunk_info(0).byte_offset
    content[start + 8] ^= 255
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be read"):
        LightCurves.open(path).curve(0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_system": "BJD_TDB"},
        {"time_system": "unknown", "time_reference_day": 0.0},
        {"time_system": "BJD"},
        {"time_system": "relative", "bands": ()},
        {"time_system": "relative", "bands": ("g", "g")},
        {"time_system": "relative", "quantity": "counts"},
        {"time_system": "relative", "unknown": 1},
    ],
)
def test_meta_is_checked(wrong):
    with pytest.raises(ValueError, match="validation error"):
        CurveMeta(**{"quantity": "flux"} | wrong)


def test_products_travel_to_other_processes(product):
    again = pickle.loads(pickle.dumps(product.split("test")))
    assert_same(again.curve(0), product.curve(6))


def test_memory_does_not_grow_with_the_product(tmp_path):
    numbers = np.arange(60)
    write(tmp_path / "a.curves.h5", numbers, np.full(60, 20000))
    found = LightCurves.open(tmp_path)
    next(found.blocks(50000))
    tracemalloc.start()
    assert sum(len(block.time) for block in found.blocks(50000)) == 1_200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6, "the whole product is 26 MB"


def test_small_shards_are_put_together(tmp_path, product):
    """In their order, with all columns and bands, and the same bytes whenever it is done."""
    other = META.model_copy(update={"bands": ("z", "r")})
    write(tmp_path / "d.curves.h5", [9, 10], [4, 2], other, ("z", "r"), sector=np.array([3, 4]))
    whole = LightCurves.open(tmp_path)
    for name in ("x", "y"):
        merge_shards(whole.shards, tmp_path / name)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    merged = LightCurves.open(tmp_path / "x")
    assert merged.meta == whole.meta
    assert merged.columns == whole.columns
    for name in whole.columns:
        np.testing.assert_array_equal(merged.column(name), whole.column(name), err_msg=name)
    for found, expected in zip(merged.each(), whole.each(), strict=True):
        assert_same(found, expected)


def test_runs_of_small_shards(tmp_path):
    sizes = (5, 4, 20, 1, 2, 8)
    shards = [ShardFacts(tmp_path / str(number), 1, META, size) for number, size in enumerate(sizes)]
    assert [[one.size for one in run] for run in runs_to_merge(shards, 10)] == [[5, 4], [20], [1, 2], [8]]
    assert list(runs_to_merge([], 10)) == []
